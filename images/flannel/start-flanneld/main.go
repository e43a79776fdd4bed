// start-flanneld waits until this node has a pod network of its own, and then becomes flanneld.
//
// flanneld ends when the API does not answer or has not given the node its network yet, which is usual in the first seconds
// of a node; the kubelet then waits ten seconds before it starts it again.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

const (
	account  = "/var/run/secrets/kubernetes.io/serviceaccount"
	flanneld = "/usr/local/bin/flanneld"
)

func main() {
	last := ""
	for {
		err := hasNetwork()
		if err == nil {
			break
		}
		if last != err.Error() {
			last = err.Error()
			fmt.Fprintln(os.Stderr, "not yet:", last)
		}
		time.Sleep(200 * time.Millisecond)
	}
	if err := syscall.Exec(flanneld, append([]string{flanneld}, os.Args[1:]...), os.Environ()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// hasNetwork asks the API for this node, as flanneld does: by the same address and with the same account.
func hasNetwork() error {
	token, err := os.ReadFile(account + "/token")
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(account + "/ca.crt")
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	client := &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true},
	}
	url := "https://" + net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")) + "/api/v1/nodes/" + os.Getenv("NODE_NAME")
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+string(token))
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, answer.Status)
	}
	var node struct {
		Spec struct {
			PodCIDR string `json:"podCIDR"`
		} `json:"spec"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 4<<20)).Decode(&node); err != nil {
		return err
	}
	if node.Spec.PodCIDR == "" {
		return fmt.Errorf("the node has no pod network (spec.podCIDR) yet")
	}
	return nil
}
