#!/bin/bash
# The eICU demo through import, the embedded log or Kafka, the engine and stage two: the measures must be the known answers, exactly.
#   tests/app/eicu.sh PLUMBLINE WORK_FOLDER [HOST:PORT of a Kafka]     (data: ../shared/data/eicu_demo or $PLUMBLINE_SHARED/data/eicu_demo)
set -euo pipefail
plumbline=$1
work=$2
data=${PLUMBLINE_SHARED:-../shared}/data/eicu_demo
if [ ! -d "$data" ]; then
  echo "SKIPPED (shared data) eicu: they are not beside this checkout"
  exit 0
fi
rm -rf "$work"
mkdir -p "$work/config"
sed -e "s#: ../../out/eicu#: ..#" -e "s#../../rules#$PWD/rules#" \
  config/examples/eicu.yaml >"$work/config/eicu.yaml"
to=()
if [ -n "${3:-}" ]; then
  # Topics of their own, so that a broker may be used again.
  run=$(date +%s)-$$
  sed -i -e "s#^source: log#source: kafka#" "$work/config/eicu.yaml"
  printf 'outputs: kafka\nkafka: {brokers: "%s", group: eicu-%s}\ntopics:\n' "$3" "$run" >>"$work/config/eicu.yaml"
  for topic in device consultation diagnosis control measures alerts results audit; do
    printf '  %s: eicu-%s.%s\n' "$topic" "$run" "$topic" >>"$work/config/eicu.yaml"
  done
  to=(--to kafka --create-topics)
fi
"$plumbline" import --mapping config/mappings/eicu_demo.yaml --data "$data" --config "$work/config/eicu.yaml" "${to[@]}"
"$plumbline" run --config "$work/config/eicu.yaml" --import --until-end --close --quiet --json | tee "$work/summary.json"
# The same journal gives the same bytes, also where the CPU has fewer instructions.
"$plumbline" replay --config "$work/config/eicu.yaml" --import | tee "$work/replay"
GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2 "$plumbline" replay --config "$work/config/eicu.yaml" --import | cmp - "$work/replay"
# An alert about real data can be explained, in both languages, and its records are what was judged.
"$plumbline" explain zzzzzz --config "$work/config/eicu.yaml" 2>"$work/alerts" || true
alert=$(grep -oE '^  [0-9a-f]{32}' "$work/alerts" | head -n 1 | tr -d ' ')
"$plumbline" explain "$alert" --config "$work/config/eicu.yaml" --records --import >"$work/explained"
grep -q "eICU Collaborative Research Database" "$work/explained"
grep -q "content as judged" "$work/explained"
"$plumbline" explain "$alert" --config "$work/config/eicu.yaml" --lang zh | grep -q "所用事件"
python3 - "$work" <<'PYTHON'
import json, sys
work = sys.argv[1]
windows, intake = {}, {}
for line in open(f"{work}/measures.jsonl"):
    o = json.loads(line)
    if o["type"] == "window":
        windows[o["measure"]] = o
    elif o["type"] == "intake":
        intake[o["site"], o["source"]] = o
charting = [o for (site, source), o in intake.items() if source == "respiratorycharting"]
hour = 6  # delay classes from here on are above 60 minutes
got = {
    "rows": sum(o["events"] for o in charting),
    "entered more than 60 minutes late": sum(sum(o["delay"][hour:]) for o in charting),
    "entered before": sum(o["before"] for o in charting),
    "below the greatest": sum(o["below"] for o in charting),
    "below by more than 60 minutes": sum(sum(o["below_by"][hour:]) for o in charting),
    "late, as a measure": windows["charted-over-an-hour-late"]["pass"],
    "before, as a measure": windows["charted-before-it-happened"]["pass"],
    "stays with two low pressures": windows["stays-without-two-low-pressures"]["fail"],
    "stays with pressures": windows["stays-without-two-low-pressures"]["n"],
    "stays diagnosed within 24 h": windows["stays-diagnosed-within-24h"]["pass"],
    "stays": windows["stays-diagnosed-within-24h"]["n"],
    "tidal volumes above 8": windows["tidal-volume-above-8"]["pass"],
    "tidal volumes": windows["tidal-volume-above-8"]["n"],
}
want = dict(zip(got, (118436, 11837, 1107, 10159, 4314, 11837, 1107, 783, 1578, 1440, 1700, 1845, 6553)))
summary = json.load(open(f"{work}/summary.json"))
failed = [f"{k}: {got[k]}, not {want[k]}" for k in got if got[k] != want[k]]
if not all(windows[m]["final"] for m in windows):
    failed.append("a window is not final after the close")
if summary["records"] != summary["accepted"] + summary["dead_letters"] + summary["duplicates"]:
    failed.append(f"records in are not accepted + dead letters + duplicates: {summary}")
for name in got:
    print(f"{name}: {got[name]}")
print("\n".join(failed) or "all as known")
sys.exit(1 if failed else 0)
PYTHON
rm -rf "$work"
