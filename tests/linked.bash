# A PrusaLink printer that an Obico server watches: mk4, a Buddy, and the
# account cloud in one mount.

# linked OPTIONS: $LINKED is the process of the printer.
linked() {
	printer obico
	"$SIMPRINTER" --personality buddy --port 0 --storage "$DIR/mk4" \
	    --password "$PASSWORD" --preview off --log "$DIR/mk4.log" \
	    >"$DIR/mk4.ready" 2>"$DIR/mk4.err" 3>&- &
	LINKED=$!
	eventually grep -q READY "$DIR/mk4.ready"
	cat >"$DIR/printers.conf" <<-CONF
	[mk4]
	url = $(sed -n 's/^READY //p' "$DIR/mk4.ready")
	password_file = password
	obico = 1
	[cloud]
	type = obico
	url = $URL
	token_file = token
	CONF
	"$PRUSAFS" -f -o "cache_dir=$DIR/cache,$1" "$DIR/printers.conf" \
	    "$M" >"$OUT" 2>&1 3>&- &
	# shellcheck disable=SC2034 # for helper
	FS_PID=$!
	eventually is_mounted
}

linked_ends() {
	kill "$LINKED"
	wait "$LINKED" || :
}
