// write-conflist turns what flanneld found out about this node into the configuration of plain CNI plugins.
//
// Flannel's own CNI plugin does no more than that at each start of a pod; with bridge and host-local configured directly
// the hosts need no further program.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	subnetFile   = "/run/flannel/subnet.env"
	conflistFile = "/etc/cni/net.d/10-flannel.conflist"
)

func main() {
	for wait := 100 * time.Millisecond; ; time.Sleep(wait) {
		subnet, err := os.ReadFile(subnetFile)
		if os.IsNotExist(err) {
			continue // flanneld waits for the node's subnet
		}
		if err == nil {
			err = update(string(subnet))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		// From now on only a restart of flanneld with another subnet or MTU changes anything.
		wait = 2 * time.Second
	}
}

// update writes the configuration unless it is there already.
func update(subnet string) error {
	conflist, err := render(subnet)
	if err != nil {
		return err
	}
	if present, err := os.ReadFile(conflistFile); err == nil && bytes.Equal(present, conflist) {
		return nil
	}
	// Renamed into its place: the container runtime watches the folder and must not see half a file. It reads names that
	// end in .conf, .conflist and .json only.
	partial := filepath.Join(filepath.Dir(conflistFile), ".10-flannel.part")
	if err := os.WriteFile(partial, conflist, 0o644); err != nil {
		return err
	}
	fmt.Printf("writing %s\n", conflistFile)
	return os.Rename(partial, conflistFile)
}

// render makes the configuration from flannel's KEY=VALUE lines.
func render(subnet string) ([]byte, error) {
	values := map[string]string{}
	for _, line := range strings.Split(subnet, "\n") {
		if key, value, found := strings.Cut(strings.TrimSpace(line), "="); found {
			values[key] = value
		}
	}
	// The subnet is written as its first address, which is the bridge's own: 100.64.1.1/24.
	_, podNetwork, err := net.ParseCIDR(values["FLANNEL_SUBNET"])
	if err != nil {
		return nil, fmt.Errorf("FLANNEL_SUBNET in %s: %w", subnetFile, err)
	}
	mtu, err := strconv.Atoi(values["FLANNEL_MTU"])
	if err != nil {
		return nil, fmt.Errorf("FLANNEL_MTU in %s: %w", subnetFile, err)
	}
	bridge := map[string]any{
		"type":             "bridge",
		"bridge":           "cni0",
		"mtu":              mtu,
		"isGateway":        true,
		"isDefaultGateway": true,
		// A pod that reaches itself through a Service comes back in by the port it left.
		"hairpinMode": true,
		// flanneld masquerades, once for the whole host.
		"ipMasq": false,
		"ipam": map[string]any{
			"type":   "host-local",
			"ranges": [][]map[string]string{{{"subnet": podNetwork.String()}}},
			// In /run: addresses of pods do not outlive a reboot, which ends all pods.
			"dataDir": "/run/flannel/ipam",
		},
	}
	if network := values["FLANNEL_NETWORK"]; network != "" {
		bridge["ipam"].(map[string]any)["routes"] = []map[string]string{{"dst": network}}
	}
	portmap := map[string]any{"type": "portmap", "capabilities": map[string]bool{"portMappings": true}, "backend": "nftables"}
	conflist, err := json.MarshalIndent(map[string]any{
		"cniVersion": "1.0.0",
		"name":       "flannel",
		"plugins":    []any{bridge, portmap},
	}, "", "  ")
	return append(conflist, '\n'), err
}
