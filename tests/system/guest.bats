#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck disable=SC2034,SC2317 # what the library reads, and what it calls
# only: VTX_XDP=native
#
# The guest library and `vtapxdp guest`, at isolated ports: what goes in and out, frame by frame; what is refused; what goes wrong.
load ../lib/testenv

QUIET=1
A=02:00:00:00:01:01
B=02:00:00:00:01:02
# Room for all that a test sends at once, however late the guest's turn comes.
DEEP=(--ring 16384)
N=10000

prepare() {
	make_wire
	attach >/dev/null
}

DEV_a='' PIN_a='' # set by xsk_port

# xsk_port NAME MAC [OPTION...]: sets DEV_NAME and PIN_NAME, as in DEV_a
xsk_port() {
	vtx port add eth0 "$1" --xsk --mac "$2" "${@:3}"
	declare -g "DEV_$1=xg-$1"
	declare -g "PIN_$1=$(find /sys/fs/bpf -path "*/eth0/port/$1/xsks")"
}

# guest VERB NAME [OPTION...]: for no longer than it takes, at the port of that name, without a broker
guest() {
	local dev="DEV_$2" pin="PIN_$2"
	timeout 30 "$VTAPXDP" guest "$1" "${!dev}" --pin "${!pin}" "${@:3}"
}

# spawn_guest PROCESS VERB NAME [OPTION...]
spawn_guest() {
	local dev="DEV_$3" pin="PIN_$3"
	spawn "$1" "$VTAPXDP" guest "$2" "${!dev}" --pin "${!pin}" --ready -j "${@:4}"
}

# summary PROCESS FILTER: of one that has ended by itself
summary() {
	sed '1{/^ready$/d}' "$BATS_TEST_TMPDIR/$1.out" | jq -c ".[0] | $2"
}

# from_wire DESTINATION COUNT [OPTION...]
from_wire() {
	on wire "$TOOLS/blast" send --dev wire0 --dst "$1" --count "$2" "${@:3}" >/dev/null
}



# all_of COUNT JSON: one sender, every frame, in order
all_of() {
	is "frames and numbers" "$(jq -c '.senders' <<<"$2")" "[{\"id\":0,\"frames\":$1,\"missing\":0,\"disorder\":0}]"
}

# receives NAME MAC [OPTION...]: N frames from the wire, each of them
receives() {
	spawn_guest rx rx "$1" --check --count "$N" --duration 20 "${DEEP[@]}" "${@:3}"
	from_wire "$2" "$N"
	await rx || fail "guest rx ended with $?"
	is "received" "$(summary rx .received)" "$N"
	all_of "$N" "$(summary rx .)"
}

# sends NAME [OPTION...]: N frames to the wire, each of them
sends() {
	spawn wire nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0 --count "$N" --idle 10000
	guest tx "$1" -j --rate 20kpps --count "$N" --dst "$WIRE_MAC" "${@:2}" >"$BATS_TEST_TMPDIR/tx.out"
	await wire
	is "sent" "$(summary tx .sent)" "$N"
	is "dropped, unsent" "$(summary tx '.ports[0].queues[0].tx | [.dropped, .unsent]')" "[0,0]"
	all_of "$N" "$(stop_output wire)"
}

stop_output() {
	sed '1{/^ready$/d}' "$BATS_TEST_TMPDIR/$1.out"
}

@test "rx and tx: every frame, in order" {
	xsk_port a "$A"
	receives a "$A"
	is "the port's own count" "$(frames_to a)" "$N"
	sends a
	is "the port's own count" "$(frames_from a)" "$N"
}

@test "rx and tx in every way there is" {
	local way
	xsk_port a "$A"
	for way in "--copy" "--busy-poll" "--busy-poll --budget 8" "--pause 100" "--batch 1" "--batch 512" "--frame-size 4096" "--unaligned --frame-size 3000" \
		"--multi-buffer" "--metadata" "--small-pages" "--busy-poll --unaligned --frame-size 2500 --metadata --multi-buffer"; do
		echo "with $way"
		# shellcheck disable=SC2086 # words
		receives a "$A" $way
		# shellcheck disable=SC2086
		sends a $way
	done
}

@test "huge pages where there are free ones, small ones otherwise, and it is said which" {
	local free
	xsk_port a "$A"
	free=$(awk '/HugePages_Free/ {free = $2} /HugePages_Rsvd/ {reserved = $2} /Hugepagesize/ {size = $2} END {print size == 2048 ? free - reserved : 0}' /proc/meminfo)
	guest rx a -j --idle 50 >"$BATS_TEST_TMPDIR/rx.out"
	is "huge pages, with $free free ones" "$(summary rx '.ports[0].huge_pages')" "$( ((free >= 4)) && echo true || echo false)"
	has "as text" "$(guest rx a --idle 50)" "in $( ((free >= 4)) && echo huge || echo small) pages"
	has "as text, told to do without" "$(guest rx a --idle 50 --small-pages)" "in small pages"
}

@test "tx: full size, several destinations, a rate, a sender's number, and the summary's figures" {
	xsk_port a "$A"
	xsk_port b "$B"
	spawn_guest rx rx b --check --count 500 --duration 20 "${DEEP[@]}"
	spawn wire nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0 --count 500 --idle 10000
	guest tx a -j --count 1000 --dst "$B" --dst "$WIRE_MAC" --size 1514 --sender 7 --rate 20kpps >"$BATS_TEST_TMPDIR/tx.out"
	await rx
	await wire
	is "at b" "$(summary rx '.senders[0] | [.id, .frames, .disorder]')" "[7,500,0]"
	is "bytes at b" "$(summary rx '.ports[0].queues[0].rx.bytes')" $((500 * 1514))
	is "on the wire" "$(stop_output wire | jq -c '.senders[0] | [.id, .frames, .disorder]')" "[7,500,0]"
	between "milliseconds for 1000 frames at 20,000 a second" "$(summary tx .milliseconds)" 45 5000
	is "address, mtu, mode" "$(summary tx '.ports[0] | [.mac, .mtu, .mode, .device]')" "[\"$A\",1500,\"copy\",\"xg-a\"]"
}

@test "echo: every frame comes back, from the address it was for" {
	xsk_port a "$A"
	spawn_guest echo echo a --count "$N" --duration 20 "${DEEP[@]}"
	spawn wire nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0 --count "$N" --idle 10000
	from_wire "$A" "$N"
	await wire
	await echo
	all_of "$N" "$(stop_output wire)"
	is "received and sent" "$(summary echo '[.received, .sent, .no_room]')" "[$N,$N,0]"
}

@test "two queues share the memory: each sends and receives by itself, and a batch of sockets is one memory" {
	(($(nproc) > 1)) || skip "one CPU: a veth's queues are chosen by CPU"
	xsk_port a "$A" --queues 2
	spawn wire nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0 --count "$N" --idle 10000
	guest tx a -j --rate 20kpps --queue 0-1 --count "$N" --dst "$WIRE_MAC" >"$BATS_TEST_TMPDIR/tx.out"
	await wire
	is "each queue's numbers" "$(stop_output wire | jq -c '.senders')" \
		"[{\"id\":0,\"frames\":$((N / 2)),\"missing\":0,\"disorder\":0},{\"id\":1,\"frames\":$((N / 2)),\"missing\":0,\"disorder\":0}]"
	is "each queue's frames" "$(summary tx '[.ports[0].queues[].tx.frames]')" "[$((N / 2)),$((N / 2))]"
	spawn_guest rx rx a --queue 0-1 --check --count $((2 * N)) --duration 20 "${DEEP[@]}"
	on wire taskset -c 0 "$TOOLS/blast" send --dev wire0 --dst "$A" --count "$N" --sender 0 >/dev/null
	on wire taskset -c 1 "$TOOLS/blast" send --dev wire0 --dst "$A" --count "$N" --sender 1 >/dev/null
	await rx
	is "received" "$(summary rx .received)" $((2 * N))
	is "by sender" "$(summary rx '[.senders[] | [.id, .frames]]')" "[[0,$N],[1,$N]]"
	(($(summary rx '[.ports[0].queues[].rx.frames] | min') > 0)) || fail "one queue got everything: $(summary rx '[.ports[0].queues[].rx.frames]')"
	is "memory" "$(summary rx '[.ports[0].queues[].frames_free] | unique | length')" 1
}

@test "a direct port: rx and tx on the uplink's own queue" {
	vtx port add eth0 d --xsk --queue 0 --trust --mac "$A"
	DEV_d=eth0 PIN_d=$(find /sys/fs/bpf -path "*/eth0/port/d/xsks")
	receives d "$A"
	sends d
}

# A second uplink with a wire of its own; a port there.
second_uplink() {
	ip link add eth1 address 02:00:00:00:00:12 type veth peer name wire1 address 02:00:00:00:00:11 netns wire
	on wire ethtool -K wire1 tx off tso off gso off >/dev/null
	ethtool -K eth1 tx off >/dev/null
	on wire ip link set wire1 up
	ip link set eth1 up
	on wire ethtool -K wire1 gro on
	wait_until 5 is_running wire wire1
	vtx attach eth1 --xdp "$VTX_XDP" >/dev/null
	vtx port add eth1 b --xsk --mac "$B" --ifname xg-b "$@"
	DEV_b=xg-b PIN_b=$(find /sys/fs/bpf -path "*/eth1/port/b/xsks")
}

@test "fwd: a wire between two uplinks, both ways, every frame" {
	xsk_port a "$A" --trust
	second_uplink --trust
	spawn fwd "$VTAPXDP" guest fwd "$DEV_a" "$DEV_b" --pin "$PIN_a" --pin "$PIN_b" --ready -j "${DEEP[@]}"
	spawn wire0 nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0 --count "$N" --idle 10000
	spawn wire1 nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire1 --count "$N" --idle 10000
	from_wire "$A" "$N"
	on wire "$TOOLS/blast" send --dev wire1 --dst "$B" --count "$N" >/dev/null
	await wire1
	await wire0
	all_of "$N" "$(stop_output wire1)"
	all_of "$N" "$(stop_output wire0)"
	stop fwd >/dev/null
	is "forwarded" "$(summary fwd '[.received, .sent, .no_room, .too_big]')" "[$((2 * N)),$((2 * N)),0,0]"
}

@test "tap: a network namespace behind the port talks TCP, UDP and ICMP with full frames and its default offloads" {
	local address=10.0.0.9
	xsk_port a "$A"
	new_netns g
	spawn_guest tap tap a --dev vm0
	ip link set vm0 netns g
	on g ip link set vm0 address "$A" up
	on g ip addr add "$address/24" dev vm0
	on wire ip addr add 10.0.0.1/24 dev wire0
	spawn server nsenter --net=/run/netns/wire "$PYTOOLS/xfer.py" serve
	spawn server-g nsenter --net=/run/netns/g "$PYTOOLS/xfer.py" serve
	wait_until 5 on g ping -q -c 1 -W 1 10.0.0.1
	echoes g 10.0.0.1 1472 -M "do"
	echoes wire "$address" 1472 -M "do"
	echoes g 10.0.0.1 8000
	on g "$PYTOOLS/xfer.py" tcp 10.0.0.1 --mb 4 >/dev/null
	on g "$PYTOOLS/xfer.py" udp 10.0.0.1 >/dev/null
	on wire "$PYTOOLS/xfer.py" tcp "$address" --mb 4 >/dev/null
	on wire "$PYTOOLS/xfer.py" udp "$address" >/dev/null
	stop tap >/dev/null
	is "no room, too big" "$(summary tap '[.no_room, .too_big]')" "[0,0]"
	on g ip link show vm0 >/dev/null 2>&1 && fail "the TAP is still there"
	true
}

@test "tap: one that is there already is taken, and left" {
	xsk_port a "$A"
	ip tuntap add vm1 mode tap
	spawn_guest tap tap a --dev vm1
	is "up" "$(ip -j link show vm1 | jq -r '.[0].flags | index("UP") != null')" true
	stop tap >/dev/null
	ip link show vm1 >/dev/null
	refused 1 "xs-a is no TAP" guest tap a --dev xs-a
}

@test "limits: a count, a time, idleness, a signal: the summary is printed and the command succeeds" {
	local name
	xsk_port a "$A"
	spawn_guest idle rx a --idle 200
	await idle
	is "after idleness" "$(summary idle '.received')" 0
	spawn_guest duration rx a --duration 1
	await duration
	between "milliseconds" "$(summary duration .milliseconds)" 1000 5000
	for name in TERM INT HUP; do
		spawn_guest rx rx a
		kill "-$name" "${SPAWNED[rx]}"
		await rx || fail "after SIG$name: exit status $?"
		is "after SIG$name" "$(summary rx '.verb')" '"rx"'
	done
	guest tx a --count 10 --dst "$WIRE_MAC" >"$BATS_TEST_TMPDIR/text"
	has "the summary as text" "$(cat "$BATS_TEST_TMPDIR/text")" "10 sent"
	has "the summary as text" "$(cat "$BATS_TEST_TMPDIR/text")" "frames of 2048 bytes in"
}

@test "refusals: one line each" {
	xsk_port a "$A"
	refused 1 "no zero-copy" guest rx a --zero-copy
	refused 12 "no queue 1" guest rx a --queue 1
	refused 12 "no queue 1" guest rx a --queue 0-1
	refused 2 "no power of two" guest rx a --ring 100
	refused 2 "no power of two" guest rx a --frame-size 3000
	refused 2 "from 2048 to" guest rx a --frame-size 4097 --unaligned
	refused 2 "one or the other" guest rx a --copy --zero-copy
	refused 2 "--budget is for --busy-poll" guest rx a --budget 8
	refused 2 "one or the other" guest rx a --pause 100 --busy-poll
	refused 2 "10000" guest rx a --pause 10001
	refused 2 "no number of frames" guest rx a --count 1x
	refused 2 "no --dst" guest tx a
	refused 2 "no MAC address" guest tx a --dst nobody
	refused 2 "--frame-size" guest tx a --dst "$B" --size 2000
	refused 2 "PORT-B is missing" vtx guest fwd xg-a
	refused 2 "given 1 times for 2 ports" vtx guest fwd xg-a xg-b --pin "$PIN_a"
	refused 2 "UPLINK/PORT" vtx guest rx xg-a
	refused 1 "no map is pinned" vtx guest rx xg-a --pin /sys/fs/bpf/none
	refused 1 "no device xg-z" vtx guest rx xg-z --pin "$PIN_a"
	refused 1 "no port's socket at /run/vtapxdp/eth0/a.sock" vtx guest rx eth0/a
	refused 2 "none for sockets" vtx guest rx xg-a --pin "$(find /sys/fs/bpf -path '*/eth0/config')"
	refused 1 "without CAP_NET_RAW" setpriv --bounding-set=-net_raw --inh-caps=-net_raw "$VTAPXDP" guest rx xg-a --pin "$PIN_a"
	rm -rf /run/vtapxdp
	mkdir -p /run/vtapxdp/eth0
	touch /run/vtapxdp/eth0/a.sock
	refused 1 "nobody serves" vtx guest rx eth0/a
}

@test "locked memory: the limit's figure is named; fewer frames fit; CAP_IPC_LOCK needs no limit" {
	local capabilities=-ipc_lock,-sys_resource
	local drop=(setpriv "--bounding-set=$capabilities" "--inh-caps=$capabilities")
	xsk_port a "$A"
	# The limit is of all of a user's programs, and root may have others: none, then.
	ulimit -l 0
	refused 1 "allow at least 8192 KiB (ulimit -l 8192" "${drop[@]}" "$VTAPXDP" guest rx "$DEV_a" --pin "$PIN_a" --idle 100
	refused 1 "can't lock 1048576 bytes" "${drop[@]}" "$VTAPXDP" guest rx "$DEV_a" --pin "$PIN_a" --frames 512 --ring 64
	setpriv --bounding-set=-sys_resource --inh-caps=-sys_resource "$VTAPXDP" guest rx "$DEV_a" --pin "$PIN_a" --idle 100
}

@test "show says so where a guest's sockets can't be told: nobody can find its namespace" {
	local namespace
	ip netns add dark
	vtx port add eth0 a --xsk --mac "$A" --netns dark --ifname xsk0
	has_not "while it has a name" "$(vtx show eth0)" "can't be told"
	exec {namespace}</run/netns/dark
	ip netns del dark
	has "text" "$(vtx show eth0)" "its AF_XDP sockets can't be told: the guest's namespace has no name"
	is "JSON" "$(vtx_json '.[0].ports[0] | has("sockets"), (.notes | map(select(contains("told"))) | length)' show eth0)" $'false\n1'
	exec {namespace}<&-
}

@test "a queue has one guest: the second is told, the first one gets everything" {
	xsk_port a "$A"
	spawn_guest rx rx a --check --count "$N" --duration 20 "${DEEP[@]}"
	says 1 "another program's socket" guest rx a
	from_wire "$A" "$N"
	await rx
	all_of "$N" "$(summary rx .)"
}

@test "a guest killed amid a burst: the next one binds at once, and others lose nothing" {
	local i blast
	xsk_port a "$A"
	xsk_port b "$B"
	spawn_guest other rx b --check --count "$N" --duration 60 "${DEEP[@]}"
	for i in 1 2 3; do
		spawn_guest echo echo a
		on wire "$TOOLS/blast" send --dev wire0 --dst "$A" --seconds 1 --pace 20000 >/dev/null 3>&- &
		blast=$!
		wait_until 5 has_frames a "$i"
		kill -KILL "${SPAWNED[echo]}"
		await echo || true
		spawn_guest again rx a --count 100 --duration 20
		await again
		wait "$blast"
	done
	from_wire "$B" "$N"
	await other
	all_of "$N" "$(summary other .)"
}

# More frames than after the last round.
has_frames() {
	(($(frames_to "$1") > (${2} - 1) * 20000 + 500))
}

@test "faults of a guest are counted: no free frames, a full ring, invalid descriptors, completions that nobody reads" {
	xsk_port a "$A"
	xsk_port b "$B"
	spawn_guest other rx b --check --count $((2 * N)) --duration 60 "${DEEP[@]}"

	spawn starve "$TOOLS/badguest" starve "$DEV_a" "$PIN_a"
	from_wire "$A" 5000
	from_wire "$B" "$N"
	stop starve >"$BATS_TEST_TMPDIR/starve.json"
	is "a guest that keeps its 512 frames" "$(jq -c '[.rx, .fill_empty, .rx_dropped, .rx_ring_full]' "$BATS_TEST_TMPDIR/starve.json")" "[512,4488,4488,0]"
	is "fill_empty" "$(drops a fill_empty)" 4488

	spawn full "$TOOLS/badguest" full "$DEV_a" "$PIN_a"
	from_wire "$A" 5000
	from_wire "$B" "$N" --sender 1
	stop full >"$BATS_TEST_TMPDIR/full.json"
	is "a guest that takes nothing from its ring of 64" "$(jq -c '[.rx, .rx_ring_full, .fill_empty]' "$BATS_TEST_TMPDIR/full.json")" "[0,4936,0]"
	is "ring_full" "$(drops a ring_full)" 4936

	is "descriptors outside of the memory, too long" "$("$TOOLS/badguest" invalid "$DEV_a" "$PIN_a" | tail -n 1 | jq -c .tx_invalid)" 20
	is "what was right" "$(frames_from a)" 10
	is "a full completion ring holds the others back, and then they go" \
		"$("$TOOLS/badguest" unread "$DEV_a" "$PIN_a" | tail -n 1 | jq -c '[.stuck, .later]')" "[36,36]"
	is "all sent" "$(frames_from a)" 110

	await other
	is "the other guest" "$(summary other '[.senders[] | [.frames, .missing, .disorder]]')" "[[$N,0,0],[$N,0,0]]"
}

@test "the port's device goes: the guest says so, and ends" {
	local status=0
	xsk_port a "$A"
	spawn_guest rx rx a --duration 20
	vtx port del eth0 a
	await rx || status=$?
	is "exit status" "$status" 1
	one_line "guest rx" "$(cat "$BATS_TEST_TMPDIR/rx.err")"
	has "what it said" "$(cat "$BATS_TEST_TMPDIR/rx.err")" "device is gone"
	is "the summary" "$(summary rx .verb)" '"rx"'
}

@test "checksums that are left to the kernel are right on the wire" {
	xsk_port a "$A"
	spawn_quiet dump nsenter --net=/run/netns/wire tcpdump -i wire0 -n -vv -l -s 128 --immediate-mode udp
	wait_until 10 grep -q listening "$BATS_TEST_TMPDIR/dump.err"
	"$TOOLS/badguest" sums "$DEV_a" "$PIN_a" 100
	wait_until 10 grep_count 100 "udp sum ok" dump.out
	is "wrong ones" "$(grep -c "bad udp" "$BATS_TEST_TMPDIR/dump.out" || true)" 0
}

# grep_count N TEXT FILE
grep_count() {
	is "lines with \"$2\"" "$(grep -c "$2" "$BATS_TEST_TMPDIR/$3")" "$1"
}

# What a program on this machine would link with, without being installed: sets CFLAGS_ and LIBS_ from the .pc file.
install_library() {
	ROOT=$BATS_TEST_TMPDIR/root
	make -s -C "$TOP" install-guest DESTDIR="$ROOT" PREFIX=/usr >"$BATS_TEST_TMPDIR/install.err" 2>&1
	export PKG_CONFIG_PATH=$ROOT/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$ROOT PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
	export LD_LIBRARY_PATH=$ROOT/usr/lib
}

# build OUTPUT COMPILER...: with the library as pkg-config has it
build() {
	# shellcheck disable=SC2046 # words
	"${@:2}" -Wall -Wextra -Werror $(pkg-config --cflags libvtapxdp-guest) -o "$1" $(pkg-config --libs libvtapxdp-guest)
}

# fake_broker NAME [OPTION...]: of that port, at eth0/NAME
fake_broker() {
	local dev="DEV_$1" pin="PIN_$1"
	spawn broker "$PYTOOLS/fakebroker.py" "/run/vtapxdp/eth0/$1.sock" --ifname "${!dev}" --map "${!pin}" --name "$1" "${@:2}"
}

# Nobody in particular, without any privilege. Locked memory is counted by user: nobody else's.
unprivileged() {
	local id=$((61000 + BASHPID % 4000))
	setpriv --reuid=$id --regid=$id --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs "$@"
}

@test "through the port's socket, without any privilege: rx and tx, every frame" {
	local way blast
	xsk_port a "$A"
	for way in "" "--in-map"; do
		# shellcheck disable=SC2086 # a word or none
		fake_broker a $way
		spawn rx unprivileged "$VTAPXDP" guest rx eth0/a --check --count "$N" --duration 20 --ready -j --frames 2048 --ring 1024
		on wire "$TOOLS/blast" send --dev wire0 --dst "$A" --seconds 60 --pace 20000 >/dev/null 3>&- &
		blast=$!
		await rx
		kill "$blast"
		(($(summary rx '.senders[0].frames') >= N)) || fail "received $(summary rx .senders)"
		is "name, mac, direct" "$(summary rx '.ports[0] | [.name, .mac, .direct]')" "[\"a\",\"$A\",false]"
		spawn wire nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0 --count "$N" --idle 10000
		unprivileged "$VTAPXDP" guest tx eth0/a --rate 20kpps --count "$N" --dst "$WIRE_MAC" >/dev/null
		await wire
		all_of "$N" "$(stop_output wire)"
		stop broker >"$BATS_TEST_TMPDIR/requests"
		is "put into the map by the broker" "$(grep -c '^/vtx_bound,0' "$BATS_TEST_TMPDIR/requests")" "$([[ $way ]] && echo 0 || echo 2)"
		is "ended as agreed" "$(grep -cx '/fin' "$BATS_TEST_TMPDIR/requests")" 2
	done
}

@test "the library as others have it: the document's example in C, the header in C++, shared and static" {
	local program opened
	xsk_port a "$A"
	install_library
	(($(wc -l <"$TOP/docs/examples/echo.c") <= 45)) || fail "the example has grown: it is to be read at a glance"
	build "$BATS_TEST_TMPDIR/echo" cc "$TOP/docs/examples/echo.c"
	has "what it is linked with" "$(ldd "$BATS_TEST_TMPDIR/echo")" "libvtapxdp-guest.so.0 => $ROOT"
	is "what the library itself needs, beside libc" "$(ldd "$ROOT/usr/lib/libvtapxdp-guest.so" | grep -vE 'linux-vdso|libc\.so|ld-linux')" ""
	is "exports: what the header declares" \
		"$(nm -D --defined-only "$ROOT/usr/lib/libvtapxdp-guest.so" | sed -n 's/.* T \(.*\)@@.*/\1/p' | sort)" \
		"$(grep -oE '^[a-z].*\bvtx_guest_[a-z_]+\(' "$TOP/include/vtapxdp/guest.h" | grep -oE 'vtx_guest_[a-z_]+\(' | tr -d '(' | sort)"
	sed 's/\.data)/.data ? (unsigned char *)frames[i].data : NULL)/' "$TOP/docs/examples/echo.c" >"$BATS_TEST_TMPDIR/echo.cpp"
	build "$BATS_TEST_TMPDIR/echo++" g++ -std=c++11 "$BATS_TEST_TMPDIR/echo.cpp"
	# shellcheck disable=SC2046
	cc -Wall -Wextra -Werror $(pkg-config --cflags libvtapxdp-guest) -o "$BATS_TEST_TMPDIR/echo-static" "$TOP/docs/examples/echo.c" \
		"$ROOT/usr/lib/libvtapxdp-guest.a" -pthread
	chmod -R a+rX "$BATS_TEST_TMPDIR"
	fake_broker a
	opened=0
	for program in echo echo++ echo-static; do
		spawn wire nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0 --count 1000 --idle 10000
		spawn_quiet echo "$BATS_TEST_TMPDIR/$program" /run/vtapxdp/eth0/a.sock 1000
		wait_until 10 has_opened $((++opened))
		from_wire "$A" 1000
		await wire
		await echo || fail "$program ended with $?"
		all_of 1000 "$(stop_output wire)"
	done
	"$BATS_TEST_TMPDIR/echo" /nonesuch 2>"$BATS_TEST_TMPDIR/said" && fail "it opened /nonesuch"
	has "what the example says" "$(cat "$BATS_TEST_TMPDIR/said")" "no port's socket at /nonesuch"
}

# The guest's handshake with the fake broker is over, for the Nth time.
has_opened() {
	is "handshakes" "$(grep -cx /fin "$BATS_TEST_TMPDIR/broker.out")" "$1"
}

@test "answers that are no broker's: one line each, and nothing is left open" {
	local lie
	xsk_port a "$A"
	for lie in "/vtx_port=/nak" "/vtx_port=/vtx_port_ack,name=a" "/vtx_port=/vtx_port_ack" "/vtx_socket=/vtx_socket_ack,0" "/vtx_port=$(printf 'x%.0s' {1..1500})"; do
		fake_broker a --say "$lie"
		says 1 "eth0/a: " vtx guest rx eth0/a --duration 5
		stop broker >/dev/null
	done
	fake_broker a --say "/vtx_socket=/vtx_nak,queue 0 is user 1000's"
	says 1 "queue 0 is user 1000's" vtx guest rx eth0/a --duration 5
	stop broker >/dev/null
	fake_broker a --hang-up /vtx_port
	says 1 "ended the connection" vtx guest rx eth0/a --duration 5
	stop broker >/dev/null
	fake_broker a --hang /vtx_port
	says 1 "doesn't answer" vtx guest rx eth0/a --duration 5
	stop broker >/dev/null
	fake_broker a --mode 600
	says 1 "another owner" unprivileged "$VTAPXDP" guest rx eth0/a --duration 5
}

@test "busy polling without the privilege: the broker sets it, and who has no broker is told" {
	xsk_port a "$A"
	fake_broker a
	spawn rx unprivileged "$VTAPXDP" guest rx eth0/a --busy-poll --count 1000 --duration 20 --ready -j --frames 2048 --ring 1024
	from_wire "$A" 1000
	await rx
	is "received, busy polling" "$(summary rx '[.received >= 1000, .ports[0].busy_poll]')" "[true,true]"
	has "requests" "$(stop broker)" "/config_busy_poll,20,64"
	says 1 "needs CAP_NET_ADMIN, or a broker" setpriv --bounding-set=-net_admin --inh-caps=-net_admin "$VTAPXDP" guest rx xg-a --pin "$PIN_a" --busy-poll
}

@test "a frame of several pieces, both ways" {
	local mtu=4000
	ip link del eth0
	make_jumbo_wire "$mtu"
	xsk_port a "$A"
	spawn wire nsenter --net=/run/netns/wire "$TOOLS/blast" recv --dev wire0 --count 1 --idle 10000
	"$TOOLS/badguest" pieces "$DEV_a" "$PIN_a" 3500 >/dev/null
	await wire
	is "on the wire" "$(stop_output wire | jq -c '[.frames, .bytes]')" "[1,3500]"
	spawn_guest rx rx a --multi-buffer --frame-size 2048 --count 100 --duration 20
	from_wire "$A" 100 --size 3500
	await rx
	is "packets and bytes" "$(summary rx '.ports[0].queues[0].rx | [.frames, .bytes]')" "[100,350000]"
}

make_jumbo_wire() {
	ip netns del wire
	make_wire "$1"
	attach >/dev/null
}
