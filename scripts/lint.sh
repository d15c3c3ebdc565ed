#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Style and static analysis. `make lint` calls it with the compiler's flags.
set -u
cd "$(dirname "$0")/.." || exit 1

failures=0

# say TITLE COMMAND... : runs one check, and goes on whatever comes of it.
check() {
	title=$1
	shift
	if "$@"; then
		printf '  %-14s ok\n' "$title"
	else
		printf '  %-14s FAILED\n' "$title"
		failures=$((failures + 1))
	fi
}

# have TOOL: says which package brings it (Debian names each after its tool).
have() {
	command -v "$1" >/dev/null && return 0
	echo "lint: $1 is missing: apt-get install $1" >&2
	return 1
}

# The project's files: what git tracks or would, or, in a tree without git, all but what was built.
list_files() {
	if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard
	else
		find . -name build -prune -o -type f -printf '%P\n'
	fi | sort -u | while IFS= read -r file; do
		if [ -f "$file" ]; then printf '%s\n' "$file"; fi
	done
}

# vmlinux.h is made by a script, and looks as it leaves it.
c_files() {
	printf '%s\n' "$files" | grep '\.[ch]$' | grep -v '^vmlinux\.h$'
}

# Which shell a file is for: by its name, or by its first line.
shell_files() {
	printf '%s\n' "$files" | while IFS= read -r file; do
		case $file in
		*.sh | *.bash | *.bats) printf '%s\n' "$file" ;;
		*) if head -n 1 "$file" | tr -d '\0' | grep -Eq '^#!.*[/ ](ba|da)?sh( |$)'; then printf '%s\n' "$file"; fi ;;
		esac
	done
}

check_format() {
	have clang-format && c_files | xargs clang-format --dry-run -Werror
}

check_tidy() {
	have clang-tidy || return 1
	printf '%s\n' "$files" | grep '^user/.*\.c$' | xargs -P "$(nproc)" -I '{}' clang-tidy --quiet '{}' -- "$@" >"$log" 2>&1 && return 0
	# The counts of what was kept back in system headers are of no use to anybody.
	grep -Ev '^[0-9]+ warnings? (generated|treated as error)' "$log"
	return 1
}

check_cppcheck() {
	opts='-DLIBBPF_OPTS(type,name,...)=struct type name = {__VA_ARGS__}'
	xdp_opts='-DDECLARE_LIBXDP_OPTS(type,name,...)=struct type name = {__VA_ARGS__}'
	have cppcheck || return 1
	# Macros of libbpf and libxdp that it can't guess; and the commands have one thread, so they may use readdir() and its like.
	c_files | grep -E '^(user|tests)/.*\.c$' | grep -v '\.bpf\.c$' |
		xargs cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr --std=c11 \
			--library=gnu --library=posix -D__x86_64__ "$opts" "$xdp_opts" -Iinclude -Iuser \
			--suppress=readdirCalled --suppress=getpwnamCalled --suppress=getgrnamCalled
}

check_shell() {
	have shellcheck && shell_files | xargs shellcheck -x -P SCRIPTDIR
}

# A path of the machine where something was written means nothing on another.
check_paths() {
	! printf '%s\n' "$files" | tr '\n' '\0' | xargs -0 grep -InE '(^|[^[:alnum:]_.$}/-])/(work|workspace|home|Users)/'
}

# file LICENCE: which one a source file is under; nothing for what needs none.
licence_of() {
	case $1 in
	include/* | docs/examples/* | user/guest.[ch] | user/umem.[ch] | user/ring.h | user/xsk.[ch] | user/xsk_*.[ch])
		echo 'LGPL-2.1-only OR BSD-2-Clause'
		;;
	*.c | *.h | *.sh | *.bash | *.bats | *.py | *.mk | Makefile | */Makefile) echo 'GPL-2.0-only' ;;
	*) if [ "$(head -c 2 "$1" | tr -d '\0')" = '#!' ]; then echo 'GPL-2.0-only'; fi ;;
	esac
}

# On the first line, or the second where the first names the interpreter.
check_licences() {
	printf '%s\n' "$files" | {
		bad=0
		while IFS= read -r file; do
			licence=$(licence_of "$file")
			[ -z "$licence" ] && continue
			head -n 2 "$file" | grep -Eq "SPDX-License-Identifier: $licence( \*/)?\$" && continue
			echo "$file: no line 'SPDX-License-Identifier: $licence' at its head"
			bad=1
		done
		return $bad
	}
}

# docs/modes.md is what the conformance tests run.
check_docs() {
	PYTHONDONTWRITEBYTECODE=1 tests/conformance/document.py | diff docs/modes.md - && return 0
	echo "docs/modes.md is not what tests/conformance/document.py prints: make docs"
	return 1
}

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
files=$(list_files)

check clang-format check_format
check clang-tidy check_tidy "$@"
check cppcheck check_cppcheck
check shellcheck check_shell
check paths check_paths
check licences check_licences
check docs check_docs
if [ "$failures" != 0 ]; then
	echo "lint: $failures checks failed" >&2
	exit 1
fi
