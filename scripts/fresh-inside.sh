# Runs in the fresh Debian that fresh.sh makes: sh fresh-inside.sh setup|commands|package

answers() { # SECONDS: wait until the server answers, and say how long that took
    python3 - "$1" <<'EOF'
import sys, time, urllib.request
start = time.monotonic()
while True:
    try:
        assert b"/_next/" in urllib.request.urlopen(f"http://127.0.0.1:{__import__('os').environ['PORT']}/").read()
        break
    except OSError:
        if time.monotonic() - start > float(sys.argv[1]):
            sys.exit("There is no answer.")
        time.sleep(0.05)
print(f"answered with its pages after {time.monotonic() - start:.1f} s")
EOF
}

as_maker() {
    setpriv --reuid=maker --regid=maker --init-groups env HOME=/home/maker "$@"
}

demo() { # SECONDS HOME: make demo until it answers
    setpriv --reuid=maker --regid=maker --init-groups env HOME="$2" \
        setsid make -C "$FOLDER" demo PORT="$PORT" >/tmp/demo.log 2>&1 &
    status=0
    answers "$1" || status=$?
    kill -TERM "-$!"
    wait || true
    [ "$status" = 0 ] || { cat /tmp/demo.log; exit 1; }
}

# What the README's one command does, from nothing, and back; its dry run and the second time change nothing.
setup() {
    rules=/etc/udev/rules.d/60-tetherlight.rules
    rm "$rules"
    groupdel gpio
    gpasswd --delete maker plugdev >/dev/null
    # udev itself says whether it understands them, since systemd 254.
    state() { getent group plugdev gpio || true; ls "$rules" 2>/dev/null || true; }
    tetherlight() { as_maker sudo "$FOLDER/.venv/bin/tetherlight" setup "$@" >>/tmp/setup.log 2>&1 || { cat /tmp/setup.log; exit 1; }; }
    before=$(state)
    tetherlight --dry-run
    [ "$(state)" = "$before" ] || { echo "The dry run did something."; exit 1; }
    tetherlight
    id -nG maker | grep -qw plugdev
    id -nG maker | grep -qw gpio
    [ "$(udevadm --version)" -lt 254 ] || udevadm verify "$rules" >/dev/null
    after=$(state)
    tetherlight
    [ "$(state)" = "$after" ] || { echo "The second time did something."; exit 1; }
    tetherlight --undo
    [ "$(state)" = "$before" ] || { echo "The undo left something: $(state)"; exit 1; }
    echo "setup: tried, done, done again, taken back"
}

commands() {
    second="${FOLDER%/*}/zweites Gerät"
    as_maker git clone --quiet /srv/tetherlight "$second"
    FOLDER=$second
    # Without a network it is one sentence, and the next try goes on.
    if unshare --net true 2>/dev/null; then
        said=$(unshare --net setpriv --reuid=maker --regid=maker --init-groups env HOME=/home/maker \
            make -C "$FOLDER" install 2>&1) && { echo "It installed without a network?"; exit 1; }
        echo "$said" | grep -q "Try again when this machine is on the network." || { echo "$said"; exit 1; }
        echo "without a network: one sentence"
    fi
    echo "make demo, the first time:"
    demo 1200 /home/maker
    echo "make demo, the second time:"
    demo 300 /home/maker
    mkdir -p /home/locked
    echo "make demo with a home that is read-only:"
    demo 300 /home/locked
}

package() {
    # The page on installing has built and installed it.
    ls -l "$FOLDER"/dist/*.deb
    install -d -o tetherlight -g tetherlight /var/lib/tetherlight
    cd /var/lib/tetherlight
    setpriv --reuid=tetherlight --regid=tetherlight --init-groups env HOME=/var/lib/tetherlight \
        tetherlight serve --simulate --width 480 --height 320 --port "$PORT" >/tmp/serve.log 2>&1 &
    status=0
    { answers 300 && tetherlight --server "http://127.0.0.1:$PORT" capture; } || status=$?
    kill -TERM $!
    wait || true
    [ "$status" = 0 ] || { cat /tmp/serve.log; exit 1; }
    dpkg -P tetherlight
    ls captures/*.jpg
    if [ -e /opt/tetherlight ] || [ -e /etc/default/tetherlight ]; then
        echo "The purge left something."
        exit 1
    fi
}

"$1"
