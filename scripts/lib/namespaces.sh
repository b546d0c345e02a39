# shellcheck shell=bash
# shellcheck disable=SC2154 # scripts is set by the script, python too
# Network namespaces, each with its own address, on one link that may delay. Sourced, after common.sh.

namespace_interface=link0
# of this process, so that two runs do not meet
export CLNORM_NAMESPACES=clnorm-$$
namespaces_made=() delay_process=''

namespace_name() { printf '%s-%d\n' "$CLNORM_NAMESPACES" "$1"; }

namespace_address() { printf '10.87.%d.%d\n' $(($$ % 250)) "$1"; }

# namespaces COUNT MICROSECONDS: makes those from 1 to COUNT, or says why not and returns 1. What joins them is in 0.
namespaces() {
    local said reason
    said=$(mktemp)
    trap remove_namespaces EXIT
    if make_namespaces "$@" >"$said" 2>&1; then
        rm "$said"
        return
    fi
    reason=$(tail -1 "$said")
    rm "$said"
    remove_namespaces
    say "namespaces$(if (($2)); then printf ' with a delay'; fi) are left out: ${reason:-no reason given}"
    return 1
}

make_namespaces() {
    local i hub name
    command -v ip || { echo "no ip found (apt-get install iproute2)"; return 1; }
    for ((i = 0; i <= $1; i++)); do
        name=$(namespace_name "$i")
        ip netns add "$name" || return
        namespaces_made+=("$name")
    done
    hub=$(namespace_name 0)
    ip -n "$hub" link set lo up || return
    if (($2)) && ! has_netem "$hub"; then join_by_program "$hub" "$@"; else join_by_bridge "$hub" "$@"; fi
}

has_netem() { tc -n "$1" qdisc add dev lo root netem delay 1us && tc -n "$1" qdisc del dev lo root; }

# join_by_bridge HUB COUNT MICROSECONDS: pairs of devices, one end in a namespace, the other in the hub's bridge.
join_by_bridge() {
    local i name
    ip -n "$1" link add bridge0 type bridge && ip -n "$1" link set bridge0 up || return
    for ((i = 1; i <= $2; i++)); do
        name=$(namespace_name "$i")
        ip link add "$namespace_interface" netns "$name" type veth peer name "port$i" netns "$1" \
            && ip -n "$1" link set "port$i" master bridge0 && ip -n "$1" link set "port$i" up && go_up "$i" || return
        if (($3)); then tc -n "$name" qdisc add dev "$namespace_interface" root netem delay "${3}us" || return; fi
    done
}

# join_by_program HUB COUNT MICROSECONDS: devices whose frames a program carries, later.
join_by_program() {
    local i name ready
    ready=$(mktemp -u)
    mkfifo "$ready" || return
    ip netns exec "$1" "$python" -B "$scripts/lib/delay.py" "$2" "$3" >"$ready" </dev/null &
    delay_process=$!
    # an end of the file instead of a line: it could not
    read -r i <"$ready" || i=failed
    rm "$ready"
    if [[ $i != ready ]]; then return 1; fi
    for ((i = 1; i <= $2; i++)); do
        name=$(namespace_name "$i")
        ip -n "$1" link set "port$i" netns "$name" && ip -n "$name" link set "port$i" name "$namespace_interface" \
            && go_up "$i" || return
    done
}

go_up() {
    local name
    name=$(namespace_name "$1")
    ip -n "$name" addr add "$(namespace_address "$1")/24" dev "$namespace_interface" && ip -n "$name" link set lo up \
        && ip -n "$name" link set "$namespace_interface" up
}

remove_namespaces() {
    local name
    if [[ $delay_process ]]; then kill "$delay_process" 2>/dev/null || true; fi
    for name in ${namespaces_made[@]+"${namespaces_made[@]}"}; do
        # what an interrupted run left behind
        ip netns pids "$name" | xargs -r kill 2>/dev/null || true
        ip netns del "$name" || true
    done
    namespaces_made=() delay_process=''
}
