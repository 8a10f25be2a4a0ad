# shellcheck shell=bash
# Completion for prusafs in bash.  Load it, or copy it as "prusafs" to
# /usr/share/bash-completion/completions.

# What -o takes, a line each; "=" where a value follows.
_prusafs_options='
user=
password_file=
api_key_file=
type=
token_file=
camera=
ca_file=
ttl=
connect_timeout=
answer_timeout=
stall_timeout=
cache_dir=
cache_size=
verify=
offline_ok
uid=
gid=
umask=
fmask=
dmask=
control_mode=
ro
rw
allow_other
allow_root
nodev
nosuid
noexec
noatime
sync
'

# The sections of the default printers file.
_prusafs_sections() {
	local file=${XDG_CONFIG_HOME:-$HOME/.config}/prusafs/printers.conf

	[ "$(id -u)" -ne 0 ] || file=/etc/prusafs/printers.conf
	[ ! -r "$file" ] ||
	    sed -nE 's/^[[:space:]]*\[([^]]+)\].*/\1/p' "$file"
}

# Complete the last word of $1, a list of options; $2 is what readline takes
# for the current word, which begins anew behind each "=".
_prusafs_option() {
	local last=${1##*,} word=$2

	[ "$word" != = ] || word=
	case $last in
	verify=*)
		mapfile -t COMPREPLY < <(compgen -W 'size full none' -- "$word")
		;;
	type=*)
		mapfile -t COMPREPLY < <(compgen -W 'prusalink obico' -- "$word")
		;;
	*_file=*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		;;
	cache_dir=*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		;;
	*=*) ;;
	*)
		compopt -o nospace
		mapfile -t COMPREPLY < <(compgen -P "${word%"$last"}" \
		    -W "$_prusafs_options" -- "$last")
		;;
	esac
}

_prusafs() {
	local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]}
	local -a words

	COMPREPLY=()
	read -ra words <<<"${line}x"
	words[-1]=${words[-1]%x}
	case ${words[-2]-} in
	-o)
		_prusafs_option "${words[-1]}" "$word"
		return
		;;
	-t)
		mapfile -t COMPREPLY < <(compgen -W 'prusafs fuse.prusafs' \
		    -- "$word")
		return
		;;
	esac
	case $word in
	-*)
		mapfile -t COMPREPLY < <(compgen -W '-f -d -v -V -h -o' \
		    -- "$word")
		;;
	*)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -W "$(_prusafs_sections)" \
		    -- "$word"; compgen -d -- "$word"
		    compgen -f -X '!*.conf' -- "$word")
		;;
	esac
}

complete -F _prusafs prusafs mount.prusafs mount.fuse.prusafs
