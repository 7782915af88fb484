#!/bin/sh
# Publish what was built in FOLDER as the release of a TAG, which must be the version that was built:
# release.sh v1.2.3 dist
set -eu

tag=$1
version=${tag#v}
wheel="$2/tetherlight-$version-py3-none-any.whl"
archive="$2/tetherlight-$version.tar.gz"
for file in "$wheel" "$archive"; do
    if [ ! -f "$file" ]; then
        echo "The tag is $tag, and $file is not there: the version in pyproject.toml is another one." >&2
        exit 1
    fi
done
exec gh release create "$tag" "$wheel" "$archive" --verify-tag --generate-notes
