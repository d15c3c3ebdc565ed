#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Get a Debian package's files without installing it: into the cache, and from there ever after.
#
#   fetch.sh PACKAGE       prints the directory that PACKAGE is unpacked in
#
# A metapackage for kernels (linux-image-cloud-amd64) stands for the kernel it depends on. The
# cache is $VTAPXDP_CACHE, else $XDG_CACHE_HOME/vtapxdp, else ~/.cache/vtapxdp. To get a newer
# package, remove it from there.
set -euo pipefail

PATH=/usr/local/sbin:/usr/sbin:/sbin:$PATH
CACHE=${VTAPXDP_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/vtapxdp}

fail()
{
	echo "vtapxdp: fetch: $*" >&2
	exit 1
}

# Debian's metapackages for kernels depend on one package that names the version.
real_name()
{
	local kernel

	kernel=$(apt-cache depends "$1" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)
	echo "${kernel:-$1}"
}

# apt checks the archive's signature and the package's hash.
download()
{
	local name

	name=$(real_name "$1")
	# Its complaint that it can't use its sandbox here is not about us.
	(cd "$2" && apt-get -q download "$name") >> "$2/log" 2>&1
}

# Lists may be absent (a fresh container) or name a version that is gone: read them anew, once.
download_or_update()
{
	download "$1" "$2" && return
	((EUID == 0)) || return 1
	apt-get -q -o DPkg::Lock::Timeout=300 update >> "$2/log" 2>&1 || true
	download "$1" "$2"
}

# Unpacked beside its place and then moved, so that what is in the cache is whole.
fetch()
{
	local package=$1 work

	command -v apt-get > /dev/null || fail "$package comes from Debian's archive, and there is no apt-get here"
	mkdir -p "$CACHE"
	work=$(mktemp -d "$CACHE/.fetch.XXXXXX")
	# shellcheck disable=SC2064 # work is local: expand it now
	trap "rm -rf '$work'" EXIT
	trap 'exit 1' INT TERM HUP
	if ! download_or_update "$package" "$work"; then
		tail -n 10 "$work/log" >&2
		fail "apt-get could not download $package: see its last lines above"
	fi
	mkdir "$work/root"
	dpkg-deb -x "$work"/*.deb "$work/root"
	# Another run may have been faster: then its copy serves.
	mv -T "$work/root" "$CACHE/$package" 2>/dev/null || [[ -d $CACHE/$package ]]
}

[[ $# == 1 && $1 =~ ^[a-z0-9][a-z0-9.+-]+$ ]] || {
	echo "usage: fetch.sh PACKAGE" >&2
	exit 2
}
[[ -d $CACHE/$1 ]] || fetch "$1"
echo "$CACHE/$1"
