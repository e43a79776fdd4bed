/** A systemd unit that starts the embedded server and Temporal worker after a reboot, so that operations go on by themselves. */
export function systemdUnit({ node, program, home, path, temporal }: { node: string; program: string; home: string; path: string; temporal: string | undefined }): string {
  return `[Unit]
Description=Keelson: embedded Temporal server and Temporal worker
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
RemainAfterExit=yes
Environment="KEELSON_HOME=${home}" "PATH=${path}"${temporal ? ` "TEMPORAL_CLI_PATH=${temporal}"` : ''}
ExecStart="${node}" "${program}" local start
ExecStop="${node}" "${program}" local stop

[Install]
WantedBy=multi-user.target
`;
}
