#!/usr/bin/env bash
# Makes a film on a cluster, and compares it with the one of a single run, byte for byte.
#
#   check-cluster.sh slurm       on a Slurm of this machine's own, with two nodes on loopback, one of which is
#                                killed in the middle; needs root and the packages slurm-wlm and munge
#   check-cluster.sh snakemake   with the Snakemake that SNAKEMAKE names, or that of the path
#
# AUTOCHROME names another program.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
program=$(realpath "${AUTOCHROME:-$root/.build/release/autochrome}")
folder=$(mktemp -d)
clean_up() {
  for pid in $(cat "$folder"/*.pid 2>/dev/null) $(pgrep slurmscriptd); do kill -9 "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap clean_up EXIT

# Two minutes of shots of 7 s and one in motion, and sound.
ffmpeg -v error -f lavfi -i "testsrc2=s=128x96:r=24:d=7" -f lavfi -i "smptehdbars=s=128x96:r=24:d=7" \
  -f lavfi -i "mandelbrot=s=128x96:r=24" -f lavfi -i "sine=frequency=440" \
  -filter_complex "[0][1]concat=n=2:v=1,loop=-1:336,trim=duration=80,setpts=PTS-STARTPTS[a];\
[2]trim=duration=40,setpts=PTS-STARTPTS[b];[a][b]concat=n=2:v=1,format=gray[v]" \
  -map "[v]" -map 3:a -c:v ffv1 -c:a aac -t 120 "$folder/film.mkv"
options=(--model autochrome-fast --size 96 --preset veryfast)
"$program" "$folder/film.mkv" -o "$folder/whole.mkv" "${options[@]}" --quiet

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for() {
  local seconds=$1
  shift
  for ((i = 0; i < 10 * seconds; i++)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  echo "waited in vain for: $*" >&2
  return 1
}

case ${1:-} in
slurm)
  host=$(hostname -s)
  pgrep -x munged >/dev/null || { mkdir -p /run/munge && chown munge /run/munge && su -s /bin/sh munge -c munged; }
  cat >"$folder/slurm.conf" <<CONFIGURATION
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool-%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmdTimeout=5
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1
NodeName=one NodeHostname=$host NodeAddr=127.0.0.1 Port=16818 CPUs=1
NodeName=two NodeHostname=$host NodeAddr=127.0.0.1 Port=16819 CPUs=1
PartitionName=film Nodes=one,two Default=YES MaxTime=INFINITE State=UP
CONFIGURATION
  mkdir "$folder/state"
  export SLURM_CONF=$folder/slurm.conf
  slurmctld -c
  slurmd -N one
  slurmd -N two
  nodes_are_idle() { [ "$(sinfo -h -t idle -o %D 2>/dev/null)" = 2 ]; }
  wait_for 20 nodes_are_idle
  join=$(AUTOCHROME=$program "$root/cluster/slurm.sh" "$folder/film.mkv" -o "$folder/color.mkv" "${options[@]}")
  # A node is switched off while it works, with all that runs there.
  renders_on_two() {
    for pid in $(pgrep -f "render --job $folder"); do
      if tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | grep -qx SLURMD_NODENAME=two; then echo "$pid"; fi
    done
  }
  node_two_works() { [ -n "$(renders_on_two)" ]; }
  wait_for 60 node_two_works
  kill -9 "$(cat "$folder/slurmd-two.pid")"
  killed=0
  for pid in $(renders_on_two); do
    # First what would report its end: the step's daemon, above the script.
    script=$(ps -o ppid= -p "$pid" | tr -d ' ')
    step=$(ps -o ppid= -p "${script:-1}" | tr -d ' ')
    kill -9 ${step:+"$step"} ${script:+"$script"} "$pid" 2>/dev/null || true
    killed=$((killed + 1))
  done
  echo "node two was killed with $killed at work; $(find "$folder/color.mkv.job" -name '[0-9]*.segment' | wc -l) segments were there"
  sleep 8
  slurmd -N two
  done_is() { [ "$(squeue -h -j "$join" 2>/dev/null | wc -l)" = 0 ] && [ -e "$folder/color.mkv" ]; }
  # Slurm waits two minutes before it begins anew what was on a lost node.
  wait_for 300 done_is || { squeue; sacct 2>/dev/null; tail -n 40 "$folder"/slurmctld.log "$folder"/color.mkv.log "$folder"/color.mkv.job/*.log 2>/dev/null; exit 1; }
  ;;
snakemake)
  snakemake=${SNAKEMAKE:-snakemake}
  cd "$folder"
  "$snakemake" --snakefile "$root/cluster/Snakefile" --cores 2 --retries 2 --quiet all \
    --config program="$program" input="$folder/film.mkv" output="$folder/color.mkv" "options=${options[*]}"
  ;;
*)
  echo "give slurm or snakemake" >&2
  exit 64
  ;;
esac
cmp "$folder/whole.mkv" "$folder/color.mkv"
echo "$1: the film is that of a single run"
