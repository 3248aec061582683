#!/bin/sh
# docs/coapy.md: every `file:name` is there, and every row names code and a test or says "not here".
# usage: test_coapy.sh SOURCE_ROOT
set -u
cd "$1" || exit 2
failed=0

say()
{
	echo "docs/coapy.md: $*"
	failed=1
}

# shellcheck disable=SC2016 # the backquotes are Markdown's
names=$(grep -oE '`[a-z]+/[a-z0-9_/]+\.(c|h|sh):[^`]+`' docs/coapy.md | tr -d '`' | sort -u)
[ "$(echo "$names" | wc -l)" -gt 60 ] || say "hardly names anything"
while IFS=: read -r file name; do
	grep -qwF -- "$name" "$file" || say "there is no $name in $file"
done <<EOF
$names
EOF

rows=$(grep '^|' docs/coapy.md | grep -vE '^\|---|^\| feature ')
while IFS='|' read -r _ feature code test _; do
	case $code in
	" not here"*) continue ;;
	esac
	case $code in *'`'*:*'`'*) ;; *) say "no code:$feature" ;; esac
	case $test in *'`tests/'*:*'`'*) ;; *) say "no test:$feature" ;; esac
done <<EOF
$rows
EOF
exit $failed
