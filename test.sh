#!/usr/bin/env bash
# Builds everything, runs every test project and closes with one line: "N passed, N failed, N skipped".
# Arguments go to `dotnet test`, such as: ./test.sh --filter Category!=NativeAot
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# NativeAOT links with clang and zlib; what is built for Arm needs a cross linker, and runs in an emulator. Pages are looked at by a browser.
# ONNX's tests of operators are a package.
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
missing=()
need clang clang
need ld.lld lld
need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
need qemu-aarch64 qemu-user
command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || need chromium chromium
[ -e /usr/include/zlib.h ] || missing+=(zlib1g-dev)
[ -d /usr/share/libonnx-testdata ] || missing+=(libonnx-testdata)
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null || echo "could not install: ${missing[*]}" >&2
  else
    echo "some tests need: ${missing[*]}" >&2
  fi
fi

if ! dotnet build CompiledBert.slnx -c Release -v q; then
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

# Training needs libtorch, hundreds of megabytes of a package that not every feed has: it is no part of the solution, and left out where it cannot be had.
passed=0 failed=0 skipped=0 without=""
training=tests/CompiledBert.Training.Tests/CompiledBert.Training.Tests.csproj
if ! dotnet restore "$training" -v q; then
  echo "skipped $training: its packages (libtorch) cannot be restored here"
  skipped=1 without=$training
elif ! dotnet build "$training" -c Release -v q --no-restore; then
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for project in tests/*/*.csproj; do
  [ "$project" = tests/Benchmarks/Benchmarks.csproj ] && continue
  [ "$project" = "$without" ] && continue
  name=$(basename "$project" .csproj)
  echo "== $name"
  dotnet test "$project" -c Release --no-build "$@" 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}

  # Failed:     0, Passed:    27, Skipped:     0, Total:    27
  counts=$(sed -nE 's/.*Failed: +([0-9]+), Passed: +([0-9]+), Skipped: +([0-9]+), Total: .*/\1 \2 \3/p' "$log" | tail -n 1)
  if [ -n "$counts" ]; then
    read -r f p s <<<"$counts"
    failed=$((failed + f)) passed=$((passed + p)) skipped=$((skipped + s))
  fi

  # A test host that dies has no count of its own, or none of the test that it died in.
  if [ "$code" != 0 ] && [ "${f:-0}" = 0 ]; then
    failed=$((failed + 1))
  fi
  unset f p s
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
