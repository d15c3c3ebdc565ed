# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The wire beyond the NIC, the NIC, and what a guest does on the network. The addresses are those
# set aside for documentation.

WIRE4=192.0.2.1 WIRE6=2001:db8::1
HOST4=192.0.2.2 HOST6=2001:db8::2

# `ip netns exec` would mount a new /sys and so hide the pins.
in_wire()
{
	nsenter --net=/run/netns/wire "$@"
}

in_container()
{
	nsenter --net=/run/netns/ct1 sh -c "$1"
}

in_host()
{
	sh -c "$1"
}

# Some machines switch IPv6 off in new namespaces.
ipv6_on()
{
	# shellcheck disable=SC2016 # for the inner shell
	"$@" sh -c 'for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ "$(cat $f)" = 0 ] || echo 0 > $f; done'
}

# eth0 plays the NIC and wire0 the rest of the wire. A veth hands over frames with checksums that
# are not computed yet and of up to 64 KB, which no wire does: off with that, on both ends.
nic_up()
{
	ip netns add wire
	ip link add eth0 type veth peer name wire0 netns wire
	ipv6_on env
	ipv6_on in_wire
	ethtool -K eth0 tx off
	in_wire ethtool -K wire0 tx off tso off gso off
	ip link set lo up
	ip link set eth0 up
	in_wire ip link set lo up
	in_wire ip link set wire0 up
	# A veth takes XDP's redirects only when its peer has NAPI, and GRO brings that once it is up.
	in_wire ethtool -K wire0 gro on
	ip address add $HOST4/24 dev eth0
	ip address add $HOST6/64 dev eth0 nodad
	in_wire ip address add $WIRE4/24 dev wire0
	in_wire ip address add $WIRE6/64 dev wire0 nodad
}

dnsmasq_up()
{
	start "$RUN/dnsmasq.log" nsenter --net=/run/netns/wire dnsmasq --keep-in-foreground \
		--conf-file=/dev/null --log-facility=- --user=root --group=root --pid-file= \
		--port=0 --interface=wire0 --dhcp-leasefile="$RUN/leases" --dhcp-authoritative \
		--no-ping --dhcp-range=192.0.2.100,192.0.2.199,1h --enable-ra \
		--dhcp-range=2001:db8::,ra-only
	await 10 listens udp 67
}

# In one process (-X), and under its own user from the start: see start() for both.
httpd_up()
{
	local modules=/usr/lib/apache2/modules

	mkdir "$RUN/www"
	install -d -o www-data "$RUN/httpd"
	install -o www-data /dev/null "$RUN/httpd.log"
	head -c 100000000 /dev/urandom > "$RUN/www/100M"
	head -c 10000000 /dev/urandom > "$RUN/www/10M"
	cat > "$RUN/httpd.conf" <<-END
		LoadModule mpm_event_module $modules/mod_mpm_event.so
		LoadModule authz_core_module $modules/mod_authz_core.so
		ServerName wire
		ServerRoot $RUN/httpd
		DefaultRuntimeDir $RUN/httpd
		PidFile $RUN/httpd/pid
		ErrorLog $RUN/httpd.log
		Listen 80
		DocumentRoot $RUN/www
	END
	in_wire sh -c 'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start'
	start "$RUN/httpd.log" nsenter --net=/run/netns/wire \
		setpriv --reuid www-data --regid www-data --clear-groups --pdeathsig KILL \
		apache2 -X -f "$RUN/httpd.conf"
	await 10 listens tcp 80
}

listens()
{
	[[ -n $(in_wire ss -Hln "--$1" "sport = :$2") ]]
}

wire_and_nic()
{
	nic_up
	dnsmasq_up
	httpd_up
}

container_up()
{
	ipv6_on nsenter --net=/run/netns/ct1
	in_container 'ip link set lo up; ip link set eth0 up'
}

# address_guest RUNNER BUSYBOX EVENT-SCRIPT: sets ADDRESS4 and ADDRESS6
address_guest()
{
	"$1" "$2 udhcpc -f -q -n -t 20 -T 1 -i eth0 -s $3"
	await 20 guest_addresses "$1" "$2"
}

# An IPv6 address is usable once its duplicate detection is over.
guest_addresses()
{
	local shown

	shown=$("$1" "$2 ip address show dev eth0")
	ADDRESS4=$(sed -n 's|^ *inet \([0-9.]*\)/.*|\1|p' <<< "$shown")
	ADDRESS6=$(sed -n '/tentative/!s|^ *inet6 \(2001:db8:[0-9a-f:]*\)/.*|\1|p' <<< "$shown")
	[[ $ADDRESS4 && $ADDRESS6 ]]
}

# fetch RUNNER GETTER URL: compares the SHA-256 of what arrives
fetch()
{
	local name=${3##*/} want got

	want=$(sha256sum < "$RUN/www/$name")
	got=$("$1" "$2 '$3' | sha256sum")
	if [[ $got != "$want" ]]; then
		echo "$3 arrived with SHA-256 ${got%% *}, not ${want%% *}"
		return 1
	fi
}

# ping_all RUNNER BUSYBOX ADDRESS...: three of three must come back
ping_all()
{
	local runner=$1 ping="$2 ping -c 3 -i 0.2 -W 5" address

	shift 2
	for address; do
		"$runner" "$ping $address" | tee "$RUN/ping"
		grep -q ' 0% packet loss' "$RUN/ping"
	done
}
