#!/usr/bin/env bash
# The references in docs/ are what the programs print now, and their example is a configuration.
# usage: docs.sh DIRECTORY-OF-THE-PROGRAMS SOURCE-ROOT
set -u
BIN=$1 DOCS=$2/docs
FAILED=0

fresh() { # FILE COMMAND...
	local file=$1
	shift
	if ! "$@" | diff -q "$DOCS/$file" - >/dev/null; then
		echo "FAIL docs/$file is out of date: $(basename "$1") ${*:2} >docs/$file"
		FAILED=1
	else
		echo "ok docs/$file"
	fi
}
fresh configuration.md "$BIN/tidegated" --reference
fresh counters.md "$BIN/tidegated" --counters
fresh cli.md "$BIN/tidegatectl" help --markdown

example=$(mktemp)
trap 'rm -f "$example"' EXIT
# shellcheck disable=SC2016 # the backquotes are Markdown's
sed -n '/^```yaml$/,/^```$/p' "$DOCS/configuration.md" | grep -v '^```' >"$example"
if [ "$(wc -l <"$example")" -gt 5 ] && "$BIN/tidegated" -c "$example" -t; then
	echo "ok the example is a configuration"
else
	echo "FAIL the example in docs/configuration.md"
	FAILED=1
fi
exit $FAILED
