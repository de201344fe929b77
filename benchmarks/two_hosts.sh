#!/usr/bin/env bash
# Two hosts on one machine: network namespaces with a virtual cable between them.
#     sudo PATH="$PATH" bash benchmarks/two_hosts.sh train.py
set -euo pipefail
trap 'set +e; kill $(jobs -p) 2>/dev/null; ip netns del first; ip netns del second' EXIT
ip netns add first
ip netns add second
ip link add cable1 netns first type veth peer name cable2 netns second
ip -n first addr add 10.20.0.1/24 dev cable1
ip -n second addr add 10.20.0.2/24 dev cable2
for host in first second; do ip -n "$host" link set lo up; done
ip -n first link set cable1 up
ip -n second link set cable2 up

start() { # host, its cable, its number, script
    ip netns exec "$1" env GLOO_SOCKET_IFNAME="$2" OMP_NUM_THREADS=1 timeout 600 \
        torchrun --nnodes=2 --nproc-per-node=1 --node-rank="$3" --max-restarts=1 \
        --master-addr=10.20.0.1 --master-port=29500 "${@:4}"
}
start second cable2 1 "$@" &
start first cable1 0 "$@"
wait $!  # which fails where the second host failed
