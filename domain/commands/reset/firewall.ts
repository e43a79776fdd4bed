import { type Command, quote } from '../../command';
import { chains, findNft, shared, tables, xtables } from './parts';

/** Turns saved rules into the changes that take our chains and the jumps to them away, and nothing else. */
const undoRules = `awk -v ours='^${chains}' -v jump=' -[jg] ${chains}' '
  /^[*]/ { table = $0; jumps = flush = drop = ""; next }
  /^:/ { chain = substr($1, 2); if (chain ~ ours) { flush = flush "-F " chain "\\n"; drop = drop "-X " chain "\\n" } next }
  /^-A/ { if ($2 !~ ours && $0 ~ jump) { sub(/^-A/, "-D"); jumps = jumps $0 "\\n" } next }
  /^COMMIT/ && (jumps flush) != "" { printf "%s\\n%s%s%sCOMMIT\\n", table, jumps, flush, drop }'`;

/** Prints what is left of ours in the packet filters, one per line. */
const listRules = (rootfs: string): string => `
visit() {
  saved "$@" | awk -v ours='^:${chains}' -v what="$1 $2" '/^[*]/ { table = substr($0, 2) } $1 ~ ours { print "iptables chain " what " " table " " substr($1, 2) }'
}
list_rules() {
  every_variant
  ${findNft(rootfs)}
  [ -z "$nft" ] || "$nft" list tables 2>/dev/null | while read -r _ family name; do [[ ! $name =~ ^${tables}$ ]] || echo "nft table $family $name"; done
}`;

/**
 * Takes the chains and tables of Kubernetes and its pod networks out of the packet filters: of both variants of iptables and
 * of nft itself. Tables are never flushed: others have rules there. One that only Kubernetes had rules in goes when it is
 * empty. Gives what could not be removed; asked now, since nft may be part of the files that go later.
 */
export const cleanFirewall = (rootfs: string, virtualIp: string): Command<string[]> => ({
  title: 'clean the packet filters',
  changes: true,
  timeoutMs: 120_000,
  script: `${shared}${xtables}
exec {answer}>&1 >&2
${findNft(rootfs)}
# The table of iptables' nft variant that we have emptied: built-in chains alone, all of them letting packets pass.
drop_empty() {
  [ -n "$nft" ] && [ "$2" = nft ] || return 0
  saved "$@" | awk -v table="*$5" '$0 == table { on = 1; next } /^COMMIT/ { on = 0 } on && (/^-A/ || (/^:/ && $2 != "ACCEPT")) { full = 1 } END { exit full }' || return 0
  "$nft" delete table "$1" "$5" 2>/dev/null
}
visit() {
  local undo table
  undo=$(saved "$@" | ${undoRules})
  [ -n "$undo" ] || return 0
  "$4" --noflush <<<"$undo" || return 0
  while read -r table; do drop_empty "$@" "\${table#?}"; done < <(grep '^[*]' <<<"$undo")
}
every_variant
if [ -n "$nft" ]; then
  "$nft" list tables | while read -r _ family name; do [[ ! $name =~ ^${tables}$ ]] || "$nft" delete table "$family" "$name"; done
fi
if has ipvsadm; then
  while read -r address; do
    ipvsadm -Sn 2>/dev/null | awk -v address="\${address%/*}:" '$1 == "-A" && index($3, address) == 1 { print $2, $3 }' | while read -r kind service; do ipvsadm -D "$kind" "$service"; done
  done < <(echo ${quote(virtualIp)}; ip -o -4 addr show dev kube-ipvs0 2>/dev/null | awk '{ print $4 }')
fi
${listRules(rootfs)}
list_rules >&"$answer"
exit 0`,
  parse: ({ stdout }) => stdout.split('\n').filter(Boolean),
});

/** The part of the last look that concerns the packet filters. */
export const lookForRules = (rootfs: string): string => `${xtables}${listRules(rootfs)}\nlist_rules\n`;
