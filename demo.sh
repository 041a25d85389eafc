#!/usr/bin/env bash
# Packs CompiledBert, builds the sample against the package and asks it about a text: ./demo.sh "a gorgeous, witty, seductive movie"
set -euo pipefail
cd "$(dirname "$0")"
dotnet pack build/package -c Release -o artifacts/packages --nologo -v quiet
rm -rf artifacts/restored/compiledbert
dotnet run --project samples/MovieMood -c Release -- "$@"
