import bcrypt from 'bcryptjs';
import { htpasswdLine } from '../../activities/htpasswd';

test('an htpasswd line is the same at each attempt, another in each place, and opens for its password alone', async () => {
  const line = await htpasswdLine('admin', 'right', 'uid-1/10.0.0.1');
  expect(await htpasswdLine('admin', 'right', 'uid-1/10.0.0.1')).toBe(line);
  expect(await htpasswdLine('admin', 'right', 'uid-2/10.0.0.1')).not.toBe(line);
  const [, user, hash = ''] = /^(admin):(\$2b\$05\$\S+)\n$/.exec(line) ?? [];
  expect(user).toBe('admin');
  expect(await bcrypt.compare('right', hash)).toBe(true);
  expect(await bcrypt.compare('wrong', hash)).toBe(false);
});
