/**
 * Bash for a control plane: puts certificates that expired years ago in the place of kubeadm's, with the same names, keys
 * and holders, and has everything read them. What a cluster is that nobody has looked after.
 */
export const expireCertificates = `set -e
pki=/etc/kubernetes/pki
work=$(mktemp -d)
cd "$work"
expire() { # CERTIFICATE KEY CA: prints the certificate as one that has expired
  : >index; echo 1000 >serial
  printf '%s\\n' '[ca]' 'default_ca=x' '[x]' 'database=index' 'serial=serial' 'new_certs_dir=.' 'policy=p' 'copy_extensions=copyall' 'default_md=sha256' 'unique_subject=no' '[p]' 'commonName=supplied' 'organizationName=optional' >ca.cnf
  openssl x509 -x509toreq -copy_extensions copyall -in "$1" -signkey "$2" -out csr 2>/dev/null
  openssl ca -batch -notext -preserveDN -config ca.cnf -cert "$3.crt" -keyfile "$3.key" -startdate 20200101000000Z -enddate 20210101000000Z -in csr -out new.crt 2>ca.log || { cat ca.log >&2; return 1; }
  cat new.crt
}
for pair in apiserver:ca apiserver-kubelet-client:ca apiserver-etcd-client:etcd/ca etcd/server:etcd/ca etcd/peer:etcd/ca etcd/healthcheck-client:etcd/ca front-proxy-client:front-proxy-ca; do
  name=\${pair%:*}
  expire $pki/$name.crt $pki/$name.key $pki/\${pair#*:} >old.crt
  cat old.crt >$pki/$name.crt
done
for conf in admin controller-manager scheduler super-admin; do
  file=/etc/kubernetes/$conf.conf
  [ -f "$file" ] || continue
  sed -n 's/^ *client-certificate-data: *//p' $file | base64 -d >c.crt
  sed -n 's/^ *client-key-data: *//p' $file | base64 -d >c.key
  expire c.crt c.key $pki/ca >old.crt
  sed -i "s#^\\( *client-certificate-data: \\).*#\\1$(base64 -w0 old.crt)#" $file
done
current=/var/lib/kubelet/pki/kubelet-client-current.pem
sed -n '/CERTIFICATE/,/END CERT/p' $current >k.crt
sed -n '/PRIVATE/,/END.*PRIVATE/p' $current >k.key
expire k.crt k.key $pki/ca >old.crt
cat old.crt k.key >new.pem
cat new.pem >"$(readlink -f $current)"
rm -rf "$work"
pkill -x etcd || true; pkill -x kube-apiserver || true; pkill -x kube-controller || true; pkill -x kube-scheduler || true
systemctl restart kubelet
`;
