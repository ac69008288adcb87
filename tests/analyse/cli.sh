#!/bin/bash
# cli.sh PROGRAM FOLDER: `plumbline analyse` and `plumbline baseline` from the command line: help in both languages, compressed tables,
# exit codes, a baseline built, shown, compared, tampered with and used by the detector with strata.
set -u
program=$1
folder=$2
rm -rf "$folder" && mkdir -p "$folder"
failures=0
say() { echo "FAILED: $*"; failures=$((failures + 1)); }
# expect CODE TEXT COMMAND...: the command ends with CODE and writes TEXT.
expect() {
  local code=$1 text=$2
  shift 2
  local output status
  output=$("$@" 2>&1)
  status=$?
  [ "$status" -eq "$code" ] || say "exit $status instead of $code: $* ($output)"
  [[ "$output" == *"$text"* ]] || say "no \"$text\" in the output of: $* ($output)"
}

table=$folder/panel.csv
{
  echo 'case,site,"reader, full",size,grade,late'
  for i in $(seq 1 240); do
    site=$([ $((i % 3)) -eq 0 ] && echo north || echo south)
    grade=$(((i * 7 + i / 5) % 5 + 1))
    [ "$site" = north ] && [ $((i % 2)) -eq 0 ] && grade=5
    late=$([ $((i % 10)) -lt $([ "$site" = north ] && echo 8 || echo 1) ] && echo yes || echo no)
    echo "$i,$site,\"r$((i % 4)), MD\",$((i % 30 + 3)),$grade,$late"
  done
} > "$table"
gzip -k "$table" && zstd -q "$table"

expect 0 'Examples:' "$program" analyse chart --help
expect 0 '示例' "$program" analyse chart --help --lang zh
expect 0 '用法' env LC_ALL=zh_CN.UTF-8 "$program" analyse funnel --help
expect 0 'Subcommands' env LC_ALL=C "$program" analyse --help
for kind in i ewma cusum mewma t2 westgard ra-cusum vlad sprt max-sprt laney-u runs; do
  expect 0 "$kind" "$program" analyse chart --help
done

chart=(--kind p --event late=yes --subgroup site)
"$program" analyse chart "$table" "${chart[@]}" --json | sed "s|$table[.a-z]*|T|" > "$folder/plain.json"
for packed in gz zst; do
  "$program" analyse chart "$table.$packed" "${chart[@]}" --json | sed "s|$table[.a-z]*|T|" > "$folder/$packed.json"
  cmp -s "$folder/plain.json" "$folder/$packed.json" || say "$packed is read otherwise than plain"
done
expect 0 '' "$program" analyse chart "$table" --value size --svg "$folder/chart.svg"
[ "$(tail -c 7 "$folder/chart.svg")" = '</svg>' ] || say 'the figure is not whole'
expect 2 'no column "grades"' "$program" analyse chart "$table" --value grades
expect 2 'row 2, column reader, full' "$program" analyse chart "$table" --value 'reader, full'
expect 2 'No such file' "$program" analyse chart "$folder/missing.csv" --value x
expect 1 'north' "$program" analyse detect "$table" --unit site --event late=yes --margin 0.02 --false-alerts 2 --fail-on-findings
expect 0 "全部单位的期望误报数不超过 2" "$program" analyse detect "$table" --unit site --event late=yes --margin 0.02 --false-alerts 2 --lang zh

# A baseline names itself by its digest, and the same evidence gives the same bytes.
build=("$program" baseline build "$table" --kind binary --event late=yes --stratum site --numeric size --ridge 1 --name late)
"${build[@]}" -o "$folder/a.baseline" > "$folder/a.out" || say 'baseline build'
"${build[@]}" -o "$folder/b.baseline" > /dev/null
cmp -s "$folder/a.baseline" "$folder/b.baseline" || say 'the same panel gives other bytes'
digest=$(sha256sum "$folder/a.baseline" | cut -d' ' -f1)
grep -q "^$digest " "$folder/a.out" || say "build names another digest than $digest"
expect 0 "$digest" "$program" baseline show "$folder/a.baseline"
expect 0 '校准' "$program" baseline show "$folder/a.baseline" --lang zh
expect 0 'cross-validation' "$program" baseline show "$folder/a.baseline"
expect 0 'the same' "$program" baseline diff "$folder/a.baseline" "$folder/b.baseline"
"${build[@]}" --where 'case<200' -o "$folder/c.baseline" > /dev/null
expect 1 'north' "$program" baseline diff "$folder/a.baseline" "$folder/c.baseline"
sed 's/^rows [0-9]*/rows 999/' "$folder/a.baseline" > "$folder/tampered.baseline"
cmp -s "$folder/a.baseline" "$folder/tampered.baseline" && say 'nothing was tampered with'
expect 0 '' "$program" baseline build "$table" --kind ordinal --outcome grade --numeric size --ridge 1 -o "$folder/ordinal.baseline"
expect 0 'Brier' "$program" baseline show "$folder/ordinal.baseline"
expect 3 'not the rows' "$program" baseline show "$folder/tampered.baseline"
judge=("$program" analyse detect "$table" --unit site --event late=yes --threshold 50 --baseline)
expect 3 'not the rows' "${judge[@]}" "$folder/tampered.baseline"
sed 's/^alpha0 0.05/alpha0 0.050/' "$folder/a.baseline" > "$folder/uncanonical.baseline"
expect 3 'canonical' "$program" baseline show "$folder/uncanonical.baseline"
expect 3 "$digest" "${judge[@]}" "$folder/a.baseline" --baseline-digest 0123456789
expect 0 'north' "${judge[@]}" "$folder/a.baseline" --baseline-digest "${digest:0:12}"
expect 2 'plumbline-baseline 1' "$program" baseline show "$table"

# Against a baseline with strata each site is judged by its own stratum: a site that does as its stratum did is quiet, though it is
# far from the other one; against all cases together it would not be.
strata=("$program" baseline build "$table" --kind binary --event late=yes --name strata)
"${strata[@]}" --stratum site -o "$folder/strata.baseline" > /dev/null || say 'baseline with strata'
"${strata[@]}" -o "$folder/all.baseline" > /dev/null || say 'baseline of all'
detect=("$program" analyse detect "$table" --unit site --event late=yes --margin 0.02 --false-alerts 2 --fail-on-findings)
expect 0 'strata' "${detect[@]}" --baseline "$folder/strata.baseline" --stratum site
expect 1 'north' "${detect[@]}" --baseline "$folder/all.baseline"
expect 0 'chi2' "$program" analyse compare "$table" --group site --event late=yes --baseline "$folder/strata.baseline" --stratum site

[ "$failures" -eq 0 ] && echo "all as expected" || exit 1
