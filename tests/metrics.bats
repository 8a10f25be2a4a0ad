#!/usr/bin/env bats
# The file "metrics": OpenMetrics text that a strict check accepts.
load helper

check() {
	"$TOOLS/openmetrics" "$@" <"$M/metrics"
}

# metric NAME [MORE LABELS]: its value.
metric() {
	local label
	label=$(sed -n 's/^prusafs_online{\(.*\)} .*/\1/p' "$M/metrics")
	check "$1{$label${2-}}"
}

long_model() {
	model "$1"
	echo '; estimated printing time (normal mode) = 10m 0s' >>"$1"
}

@test "the checker refuses what is wrong" {
	local text
	local good='# TYPE a gauge\n# HELP a A.\na{x="1"} 2\n'
	# shellcheck disable=SC2059
	printf "$good# EOF\n" | "$TOOLS/openmetrics"
	for text in "$good" "$good\n# EOF\n" "${good}a{x=\"1\"} 3\n# EOF\n" \
	    "${good}a{x=\"2\"} many\n# EOF\n" "${good}b 1\n# EOF\n" \
	    "${good}a{x=\"\\\\q\"} 1\n# EOF\n" \
	    "# TYPE a gauge\n# UNIT a meters\n# HELP a A.\na 1\n# EOF\n" \
	    "# TYPE a counter\n# HELP a A.\na 1\n# EOF\n" \
	    "# TYPE a counter\n# HELP a A.\na_total -1\n# EOF\n" \
	    "# TYPE a stateset\n# HELP a A.\na{x=\"on\"} 1\n# EOF\n" \
	    "# TYPE a histogram\n# HELP a A.\na_bucket{le=\"1.0\"} 2\na_bucket{le=\"+Inf\"} 1\na_count 1\na_sum 1\n# EOF\n" \
	    "${good}# TYPE b gauge\n# HELP b B.\nb 1\na{x=\"3\"} 1\n# EOF\n"; do
		# shellcheck disable=SC2059
		refute "$TOOLS/openmetrics" < <(printf "$text")
	done
}

@test "metrics pass a strict check, while idle, printing and away" {
	local kind
	for kind in $(both); do
		fresh "$kind"
		check
		[ "$(metric prusafs_online)" = 1 ]
		[ "$(metric prusafs_state ',prusafs_state="IDLE"')" = 1 ]
		[ -z "$(metric prusafs_job_progress_ratio)" ]
		long_model "$DIR/long.gcode"
		cp "$DIR/long.gcode" "$S/"
		echo print >"$M/control"
		eventually test -s "$M/status/progress"
		check
		[ "$(metric prusafs_state ',prusafs_state="PRINTING"')" = 1 ]
		[ "$(metric prusafs_state ',prusafs_state="IDLE"')" = 0 ]
		[ -n "$(metric prusafs_job_progress_ratio)" ]
		[ -n "$(metric prusafs_job_time_left_seconds)" ]
		[ -n "$(metric prusafs_nozzle_temperature_celsius)" ]
		[ "$(metric prusafs_nozzle_target_celsius)" = 215 ]
		[ "$(metric prusafs_uploads_total ',verdict="stored"')" = 1 ]
		[ "$(metric prusafs_uploads_total ',verdict="failed"')" = 0 ]
		[ "$(metric prusafs_upload_bytes_total)" = \
		    "$(stat -c %s "$DIR/long.gcode")" ]
		[ "$(metric prusafs_requests_total \
		    ',method="PUT",outcome="accepted"')" = 1 ]
		[ "$(metric prusafs_request_duration_seconds_count \
		    ',lane="up"')" -ge 1 ]
		printer_dies
		is_away() {
			[ "$(metric prusafs_online)" = 0 ]
		}
		eventually is_away
		check
		[ -z "$(metric prusafs_nozzle_temperature_celsius)" ]
		[ -z "$(metric prusafs_state ',prusafs_state="IDLE"')" ]
	done
}

@test "metrics are text of the older format, too" {
	fresh buddy
	cat "$M/metrics" >"$DIR/metrics"
	[ "$(sed -n 's/^# TYPE [a-z_]* //p' "$DIR/metrics" | sort -u |
	    xargs)" = 'counter gauge histogram' ]
	# It finds counters without help, since their family has another name.
	if command -v promtool; then
		run promtool check metrics <"$DIR/metrics"
		[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
		refute grep -v '_total no help text' <<<"$output"
	fi
}

@test "metrics cost one status request in a TTL" {
	local kind
	for kind in $(both); do
		printer "$kind"
		mounted ttl=60
		cat "$M/metrics" "$M/metrics" "$M/status/state" >/dev/null
		assert_requests 1
		assert_requests 1 '^GET$' '^/api/v1/status$'
		[ "$(metric prusafs_cache_misses_total)" = 1 ]
		[ "$(metric prusafs_cache_hits_total)" -ge 3 ]
	done
}

@test "what metrics announce is what they deliver" {
	fresh buddy
	python3 - "$M/metrics" <<-'END'
	import os, sys
	for _ in range(50):
	    fd = os.open(sys.argv[1], os.O_RDONLY)
	    data = os.read(fd, 1 << 20)
	    assert len(data) == os.fstat(fd).st_size
	    assert data.endswith(b"# EOF\n")
	    os.close(fd)
	END
}
