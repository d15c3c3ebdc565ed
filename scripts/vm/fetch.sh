#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Get a Debian package's files without installing it: into the cache, and from there ever after.
#
#   fetch.sh PACKAGE [SUITE]      prints the directory that PACKAGE is unpacked in
#
# SUITE, as in bookworm-backports or sid: another of Debian's than the machine's own, from the same
# mirror. Its lists are read in private: the machine's own don't change.
#
# A metapackage for kernels (linux-image-cloud-amd64) stands for the kernel it depends on. The
# cache is $VTAPXDP_CACHE, else $XDG_CACHE_HOME/vtapxdp, else ~/.cache/vtapxdp. To get a newer
# package, remove it from there.
set -euo pipefail

PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH
CACHE=${VTAPXDP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vtapxdp}
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
# Options for apt that make it read another suite.
PRIVATE=()

fail()
{
	echo "vtapxdp: fetch: $*" >&2
	exit 1
}

# depends NAME PATTERN: what NAME depends on, of the names that match
depends()
{
	apt-cache "${PRIVATE[@]}" depends "$1" 2> /dev/null | sed -n "s/^ *Depends: \($2\)\$/\1/p"
}

# Debian's metapackages for kernels depend on one package that names the version; that of newer
# kernels depends on those that have the image and the modules.
real_names()
{
	local kernel

	kernel=$(depends "$1" 'linux-image-.*' | head -n 1)
	echo "${kernel:-$1}"
	depends "${kernel:-$1}" 'linux-\(base\|binary\|modules\)-[0-9].*'
}

# apt checks the archive's signature and the package's hash.
download()
{
	local names

	mapfile -t names < <(real_names "$1")
	# Its complaint that it can't use its sandbox here is not about us.
	(cd "$2" && apt-get -q "${PRIVATE[@]}" download "${names[@]}") >> "$2/log" 2>&1
}

update()
{
	((EUID == 0)) || return 1
	apt-get -q -o DPkg::Lock::Timeout=300 update >> "$1/log" 2>&1 || true
}

# Lists may be absent (a fresh container) or name a version that is gone: read them anew, once.
download_or_update()
{
	download "$1" "$2" && return
	update "$2" || return 1
	download "$1" "$2"
}

# Whom the machine has its own packages from.
mirror()
{
	# shellcheck disable=SC2016 # apt's variable
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

# read_suite SUITE WORK: sets PRIVATE
read_suite()
{
	local from signed='' dir=$2/apt

	from=$(mirror)
	[[ $from ]] || ! update "$2" || from=$(mirror)
	[[ $from ]] || fail "$1: apt-get has no list of a Debian mirror here: apt-get update"
	[[ ! -e $KEYRING ]] || signed="[signed-by=$KEYRING] "
	mkdir -p "$dir"/{lists,cache/archives}/partial
	echo "deb $signed$from $1 main" > "$dir/sources.list"
	PRIVATE=(-o Dir::Etc::SourceList="$dir/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
		-o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache"
		-o APT::Architectures="$(dpkg --print-architecture)" -o APT::Default-Release=
		-o APT::Sandbox::User=root -o Acquire::Languages=none)
	apt-get -q "${PRIVATE[@]}" update >> "$2/log" 2>&1
}

# get PACKAGE SUITE WORK
get()
{
	if [[ $2 ]]; then
		read_suite "$2" "$3" && download "$1" "$3"
	else
		download_or_update "$1" "$3"
	fi
}

# Unpacked beside its place and then moved, so that what is in the cache is whole.
fetch()
{
	local package=$1 suite=$2 place=$3 work deb

	command -v apt-get > /dev/null || fail "$package comes from Debian's archive, and there is no apt-get here"
	mkdir -p "$CACHE"
	work=$(mktemp -d "$CACHE/.fetch.XXXXXX")
	# shellcheck disable=SC2064 # work is local: expand it now
	trap "rm -rf '$work'" EXIT
	trap 'exit 1' INT TERM HUP
	if ! get "$package" "$suite" "$work"; then
		[[ ! -e $work/log ]] || tail -n 10 "$work/log" >&2
		fail "apt-get could not download $package${suite:+ of $suite}: see its last lines above"
	fi
	mkdir "$work/root"
	for deb in "$work"/*.deb; do
		dpkg-deb -x "$deb" "$work/root"
	done
	mkdir -p "$(dirname "$place")"
	# Another run may have been faster: then its copy serves.
	mv -T "$work/root" "$place" 2>/dev/null || [[ -d $place ]]
}

own_suite()
{
	# shellcheck source=/dev/null
	(. /etc/os-release && echo "${VERSION_CODENAME:-}") 2> /dev/null || true
}

[[ $# -ge 1 && $# -le 2 && "$*" =~ ^[a-z0-9][a-z0-9.+-]+(\ [a-z][a-z0-9-]*)?$ ]] || {
	echo "usage: fetch.sh PACKAGE [SUITE]" >&2
	exit 2
}
suite=${2:-}
[[ $suite != "$(own_suite)" ]] || suite=''
place=$CACHE/${suite:+$suite/}$1
[[ -d $place ]] || fetch "$1" "$suite" "$place"
echo "$place"
