import { defaultPolicy } from '../../domain/cluster';
import { policySettings, withSetting } from '../../domain/policy-settings';
import { exitCodes } from '../exit-codes';
import { noSuchCluster } from '../no-such-cluster';
import { actorOf, clusterOf, type CommonFlags, withCluster } from '../session';
import { columns } from '../table';

/** `keelson policy show [name]`: the settings that can be changed, and how they are. */
export async function showPolicy(name: string | undefined, flags: CommonFlags): Promise<number> {
  const cluster = clusterOf(name, flags);
  const spec = await withCluster(cluster, flags, (client) => client.desired(cluster));
  if (!spec) throw noSuchCluster(cluster);
  const settings = Object.entries(policySettings).map(([setting, { read, form }]) => [setting, read(spec.policy), form] as const);
  if (flags.json) console.log(JSON.stringify(Object.fromEntries(settings.map(([setting, value]) => [setting, value])), undefined, 2));
  else for (const line of columns(settings.map(([setting, value, form]) => [setting, value || '-', `(${form})`]))) console.log(line);
  return exitCodes.done;
}

/** `keelson policy set SETTING VALUE`: counts from now on, for the operation that runs as well. */
export async function setPolicy(setting: string, value: string, flags: CommonFlags): Promise<number> {
  const cluster = clusterOf(undefined, flags);
  // A name or a value that is none is that for every cluster: no server is started to say so.
  withSetting(defaultPolicy, setting, value);
  await withCluster(cluster, flags, async (client) => {
    const [spec, report] = await Promise.all([client.desired(cluster), client.status(cluster)]);
    if (!spec || !report?.view) throw noSuchCluster(cluster);
    await client.setPolicy(cluster, withSetting(spec.policy, setting, value), { ...actorOf(flags), base: report.view.digest ?? '' });
  });
  console.log(flags.json ? JSON.stringify({ cluster, [setting]: value }) : `${cluster}: ${setting} is ${value} from now on; write it into the Clusterfile too, or its next apply sets it back`);
  return exitCodes.done;
}
