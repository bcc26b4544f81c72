# packages.sh - sourced by ./quickstart and ./check: what flipbench needs, and how to get it.

BUILD_PACKAGES="gcc libc6-dev pkg-config meson ninja-build nettle-dev libopenblas-dev libyaml-dev
    libgsl-dev r-mathlib libsqlite3-dev librandom123-dev libjansson-dev zlib1g-dev libelf-dev
    libseccomp-dev"
# With librsvg2-dev (another 140 MB) reports have their figures as PDF too; a build finds it.
DATA_PACKAGES="dataset-fashion-mnist"
# The two TeX packages (74 MB to fetch, 264 MB) compile what a report writes for LaTeX.
TEST_PACKAGES="libcmocka-dev python3 g++ binutils chromium librsvg2-dev poppler-utils
    texlive-pictures lmodern"

say() {
    printf '%s\n' "== $*"
}

# Installs what is missing of the packages named, with apt; elsewhere names them and stops.
need_packages() {
    missing=""
    if ! command -v dpkg-query >/dev/null 2>&1; then
        printf '%s\n' "flipbench: this is no Debian system. Install these libraries and tools by your own" \
            "package manager (the names are Debian's):" "$@" \
            "then: meson setup build/release && ninja -C build/release" >&2
        exit 2
    fi
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
    [ -z "$missing" ] && return
    say "installing$missing"
    sudo=""
    if [ "$(id -u)" -ne 0 ]; then
        sudo="sudo"
        command -v sudo >/dev/null 2>&1 || {
            printf '%s\n' "flipbench: as root, please: apt-get install$missing" >&2
            exit 2
        }
    fi
    # shellcheck disable=SC2086 # $missing is a list of words
    $sudo apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 ||
        { $sudo apt-get update >/dev/null &&
            DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y --no-install-recommends $missing >/dev/null; } || {
        printf '%s\n' "flipbench: apt could not install:$missing" >&2
        exit 2
    }
}

# build_in DIR [MESON OPTIONS]: configures DIR once and compiles $targets (empty: everything).
targets=""
build_in() {
    folder=$1
    shift
    if [ ! -f "$folder/build.ninja" ]; then
        meson setup "$folder" "$@" >"$folder.log" 2>&1 || {
            cat "$folder.log" >&2
            exit 2
        }
    fi
    # shellcheck disable=SC2086 # $targets is a list of words
    ninja -C "$folder" $targets >"$folder.log" 2>&1 || {
        cat "$folder.log" >&2
        exit 2
    }
}
