#!/usr/bin/env bash
# Cycles of calls on Arm cores, without one, beside what the compiler estimates of them:
# tests/Benchmarks/arm.sh MODEL.onnx [--tokens "N ..."] [--cpu QEMU-CPU] [--cores "CORE ..."] [--target NAMES] [--precision P] [--blocks N]
#
# The model is published as a NativeAOT linux-arm64 app, which runs in qemu with a plugin that counts how often every block of instructions runs; two
# runs that differ by one call cancel everything but a call. llvm-mca gives the cycles of each block on each core. The sum is the time that the core
# itself needs: caches, memory and mispredicted jumps are left out, so it is a floor, the same for every program measured this way. Estimates leave
# memory out too. What follows for each length: the cycles of each method, and hot loops against their limit, multiply-adds over the multiply-adds that the
# core issues a cycle. --blocks 0 prints the table alone.
#
# What llvm-mca does not know: its cortex-a76 is an A57 (take neoverse-n1), and its cortex-a55 issues two 128-bit multiply-adds of floats a cycle where the
# core does one, so that loops there come out below their limit. The row cortex-a55* is that core with multiply-adds at the rate of its dot products; each
# row's estimate is made with the row's rate.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

model=$(realpath "${1:?usage: arm.sh MODEL.onnx [--tokens "N ..."] [--cpu QEMU-CPU] [--cores NAMES] [--target NAMES] [--precision P] [--blocks N]}")
shift
tokens=128 cpu=cortex-a76 cores="neoverse-n1 cortex-a55 cortex-a510 cortex-a710 cortex-x2 apple-a14" targets="" precision=fp32 blocks=25
while [ $# -gt 0 ]; do
  case $1 in
    --tokens) tokens=$2 ;;
    --cpu) cpu=$2 ;;
    --cores) cores=$2 ;;
    --target) targets=$2 ;;
    --precision) precision=$2 ;;
    --blocks) blocks=$2 ;;
    *) echo "unknown option $1" >&2; exit 2 ;;
  esac
  shift 2
done

# The newest LLVM there is, under the name that its package gives it.
for version in "" -22 -21 -20 -19; do
  if command -v "llvm-mca$version" >/dev/null && [ "$("llvm-mca$version" --version | sed -nE 's/.*version ([0-9]+).*/\1/p')" -ge 19 ]; then
    export LLVM_SUFFIX=$version
    found=yes
    break
  fi
done
for tool in clang ld.lld gcc aarch64-linux-gnu-gcc qemu-aarch64; do command -v "$tool" >/dev/null || missing="${missing:-} $tool"; done
if [ -z "${found:-}" ] || [ -n "${missing:-}" ]; then
  echo "needs:${missing:-}${found:- llvm-mca of LLVM 19 or later} (packages clang lld gcc gcc-aarch64-linux-gnu qemu-user llvm-19)" >&2
  exit 3
fi

work=artifacts/arm
mkdir -p "$work"
for project in build/CompiledBert.Build.Tasks build/CompiledBert.Build.Host generators/CompiledBert.Generator src/CompiledBert.Text tests/Benchmarks/Arm/Cycles; do
  dotnet build "$project" -c Release -v q --nologo >"$work/build.log" || { cat "$work/build.log"; exit 1; }
done
dotnet publish tests/Benchmarks/Arm/App -v q --nologo -o "$work/app" -p:Model="$model" -p:ModelTargets="${targets//;/%3B}" -p:ModelPrecision="$precision" >"$work/publish.log" || { cat "$work/publish.log"; exit 1; }
gcc -O2 -shared -fPIC -o "$work/blocks.so" tests/Benchmarks/Arm/blocks.c
cycles() { dotnet tests/Benchmarks/Arm/Cycles/bin/Release/net10.0/cycles.dll "$@" --model "$model" --precision "$precision"; }
little=$(cycles numbers 2)
# Addresses are not shuffled, so that blocks of both runs are the same.
for count in $tokens; do
  many=$(cycles numbers "$count")
  for calls in 0 1; do
    setarch -R qemu-aarch64 -plugin "$work/blocks.so,out=$work/$count-$calls.txt" -cpu "$cpu" -L /usr/aarch64-linux-gnu "$work/app/call" "$count" "$calls" "$many" "$little" >"$work/said.txt"
  done
done
echo "$(basename "$model"), $precision, qemu's $cpu: $(cut -d';' -f1 "$work/said.txt"); app without weights $(stat -c %s "$work/app/call") bytes"
# shellcheck disable=SC2086
cycles count "$work" --tokens $tokens --cores $cores --blocks "$blocks" $(grep -q "dot product" "$work/said.txt" || echo --without-dots)
