#!/usr/bin/env bash
# Packs CompiledBert, builds the sample against the package and asks it about a text: ./demo.sh "a gorgeous, witty, seductive movie"
set -euo pipefail
cd "$(dirname "$0")"
for project in build/package src/CompiledBert.Extensions.AI; do
  dotnet pack "$project" -c Release -o artifacts/packages --nologo -v quiet
done
rm -rf artifacts/restored/compiledbert
dotnet run --project samples/MovieMood -c Release -- "$@"
