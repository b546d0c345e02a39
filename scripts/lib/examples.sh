# shellcheck shell=bash
# shellcheck disable=SC2154 # root is set in common.sh, java and classpath_file in build.sh
# Builds the examples of src/example/java. Sourced, after common.sh and build.sh.

# training_libraries: the class path of what the example that trains needs, CLBlast besides what the command line needs.
training_libraries() {
    local file=$root/target/examples.classpath
    if [[ ! -e $file || $root/pom.xml -nt $file ]]; then
        find_maven
        (
            # mpirun starts several at once
            lock "$root/pom.xml"
            if [[ ! -e $file || $root/pom.xml -nt $file ]]; then
                maven -q dependency:build-classpath@examples >&2 || die "JOCLBlast could not be fetched"
            fi
        ) </dev/null || exit
    fi
    printf '%s:%s\n' "$(cat "$classpath_file")" "$(cat "$file")"
}

# build_example NAME LIBRARIES: compiles an example, and what it uses, when something changed; sets example_classpath.
build_example() {
    local stamp=$root/target/examples/$1.built sources=$root/src/example/java
    example_classpath=$root/target/examples:$root/target/classes:$2
    if example_is_built "$stamp"; then return; fi
    find_maven
    (
        lock "$root/pom.xml"
        # another may have built while this one waited
        if example_is_built "$stamp"; then exit; fi
        mkdir -p "$(dirname "$stamp")"
        touch "$stamp.begun"
        # without the classes of before: of those that are reached through another class, javac does not look at the source
        "${java}c" -d "$root/target/examples" -sourcepath "$sources" -cp "$root/target/classes:$2" \
            "$sources/org/clnorm/example/$1.java" >&2 || die "the example could not be compiled"
        mv "$stamp.begun" "$stamp"
    ) </dev/null
}

example_is_built() {
    [[ -e $1 && -z $(find "$root/target/classes" "$root/src/example" -newer "$1" -print -quit) ]]
}
