#!/bin/sh
# Build the image of deploy/Containerfile, start it, and see that it serves a simulated rig with its pages: image.sh [TAG]
# The first of podman, docker and buildah is taken that can be asked here; where none can, it says so and ends with status 3.
# TOOL names one of them; PYTHON_IMAGE another image to start from.
set -eu
cd "$(dirname "$0")/.."

tag=${1:-tetherlight}
# Without a daemon and without what starts containers, buildah still builds and runs in a plain chroot.
export BUILDAH_ISOLATION="${BUILDAH_ISOLATION:-chroot}"

tool=
for candidate in ${TOOL:-podman docker buildah}; do
    if "$candidate" info >/dev/null 2>&1; then
        tool=$candidate
        break
    fi
done
if [ -z "$tool" ]; then
    echo "No image is built: neither podman nor docker nor buildah can be used here." >&2
    exit 3
fi

base=${PYTHON_IMAGE:+--build-arg=PYTHON_IMAGE=$PYTHON_IMAGE}
# The other format that podman and buildah write has no health check.
format=
[ "$tool" = docker ] || format="--format=docker"
"$tool" build $format $base --file deploy/Containerfile --tag "$tag" .
if [ "$tool" = buildah ]; then
    container=$(buildah from "$tag")
    trap 'buildah rm "$container" >/dev/null' EXIT
    buildah run "$container" -- sh -eu -s <scripts/image-inside.sh
else
    ! "$tool" compose version >/dev/null 2>&1 || "$tool" compose --file deploy/compose.yml config --quiet
    # As little as compose.yml gives it.
    "$tool" run --rm --interactive --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
        --entrypoint sh "$tag" -eu -s <scripts/image-inside.sh
fi
echo "The image $tag serves a simulated rig and its pages."
