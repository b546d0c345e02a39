# shellcheck shell=bash
# shellcheck disable=SC2154 # root is set in common.sh
# Java, Maven, and a build that is up to date. Sourced, after common.sh.

stamp=$root/target/scripts.built
classpath_file=$root/target/scripts.classpath

find_java() {
    java=${JAVA_HOME:+$JAVA_HOME/bin/}java
    if ! command -v "$java" >/dev/null; then die "no java found: install a JDK, 17 or later, or set JAVA_HOME"; fi
    java=$(readlink -f "$(command -v "$java")")
    java_version=$(read_java_version)
    if ((java_version < 17)); then die "Java 17 or later is needed, $java is version $java_version"; fi
}

# The major version: from the file that a JDK keeps about itself, or else from a slow start of it.
read_java_version() {
    local version='' release=${java%/bin/java}/release
    if [[ -r $release ]]; then version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$release"); fi
    echo "${version:-$(java_property java.specification.version)}"
}

java_property() { "$java" -XshowSettings:properties -version 2>&1 | sed -n "s/^ *$1 = //p"; }

find_maven() {
    if ! command -v mvn >/dev/null; then die "no mvn found: install Maven, 3.6.3 or later"; fi
    if [[ ! -x ${java}c ]]; then die "a JDK is needed to build, $java belongs to a runtime without javac"; fi
}

# run_java ARGUMENTS…: becomes Java, with what OpenCL's libraries need around it.
run_java() {
    # PoCL's LLVM puts a handler that serves a single fault in place of Java's for SIGSEGV, which Java threads raise all
    # the time: two at once end the process. Java's libjsig keeps Java's in place.
    local jsig=${java%/bin/java}/lib/libjsig.so options=(-DuniqueLibraryNames=true)
    if [[ -f $jsig ]]; then export LD_PRELOAD="$jsig${LD_PRELOAD:+:$LD_PRELOAD}"; fi
    if ((java_version >= 22)); then options+=(--enable-native-access=ALL-UNNAMED); fi
    exec "$java" "${options[@]}" "$@"
}

# maven ARGUMENTS…: in the checkout, with a repository of our own where the user's cannot be written.
maven() {
    local home
    home=$(java_property user.home)
    if [[ "${MAVEN_OPTS:-} ${MAVEN_ARGS:-}" != *maven.repo.local* ]] && ! can_write "$home/.m2/repository"; then
        set -- "-Dmaven.repo.local=$(cache_folder)/maven" "$@"
    fi
    (cd "$root" && mvn -B -ntp -Dstyle.color=never "$@")
}

# build: compiles when something changed. Several may call it at once; the output goes to standard error.
build() {
    if is_built; then return; fi
    find_maven
    (
        lock "$root/pom.xml"
        # another may have built while this one waited
        if is_built; then exit; fi
        say "building (the first time, Maven downloads what it needs)"
        mkdir -p "$root/target"
        touch "$stamp.begun"
        maven -q compile dependency:build-classpath >&2 || die "the build failed"
        mv "$stamp.begun" "$stamp"
    ) </dev/null
}

# A folder is newer than the stamp when something in it was removed.
is_built() {
    local library
    [[ -e $stamp && -d $root/target/classes && -r $classpath_file ]] || return 1
    [[ -z $(find "$root/pom.xml" "$root/src/main" "$root/opencl" -newer "$stamp" -print -quit) ]] || return 1
    while read -r -d : library; do [[ -e $library ]] || return 1; done < <(cat "$classpath_file" && echo :)
}
