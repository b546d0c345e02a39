package org.clnorm;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.function.Predicate;

/**
 * Imports run one way: cli → bench → conformance → front door → state, sync, engine → plan → tensor. The engines implement
 * {@code engine}, announce themselves as services, and nothing imports them.
 */
@AnalyzeClasses(packages = "org.clnorm", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String FRONT_DOOR = "org.clnorm";
    private static final String TENSOR = "org.clnorm.tensor..";
    private static final String PLAN = "org.clnorm.plan..";
    private static final String ENGINE = "org.clnorm.engine";
    private static final String CPU = "org.clnorm.engine.cpu..";
    private static final String OPENCL = "org.clnorm.engine.opencl..";
    private static final String STATE = "org.clnorm.state..";
    private static final String SYNC = "org.clnorm.sync..";
    private static final String CONFORMANCE = "org.clnorm.conformance..";
    private static final String BENCH = "org.clnorm.bench..";
    private static final String CLI = "org.clnorm.cli..";

    @ArchTest
    static final ArchRule TENSOR_KNOWS_NO_OTHER_ROOM = room(TENSOR);

    @ArchTest
    static final ArchRule PLAN_KNOWS_TENSOR = room(PLAN, TENSOR);

    @ArchTest
    static final ArchRule ENGINE_KNOWS_PLAN = room(ENGINE, PLAN, TENSOR);

    @ArchTest
    static final ArchRule CPU_ENGINE_IMPLEMENTS_ENGINE = room(CPU, ENGINE, PLAN, TENSOR);

    @ArchTest
    static final ArchRule OPENCL_ENGINE_IMPLEMENTS_ENGINE = room(OPENCL, ENGINE, PLAN, TENSOR);

    @ArchTest
    static final ArchRule STATE_KNOWS_TENSOR = room(STATE, TENSOR);

    @ArchTest
    static final ArchRule SYNC_KNOWS_ENGINE = room(SYNC, ENGINE, PLAN, TENSOR).allowEmptyShould(true);

    @ArchTest
    static final ArchRule FRONT_DOOR_KNOWS_WHAT_IS_BELOW = room(FRONT_DOOR, STATE, SYNC, ENGINE, PLAN, TENSOR);

    @ArchTest
    static final ArchRule CONFORMANCE_KNOWS_THE_FRONT_DOOR = room(CONFORMANCE, FRONT_DOOR, STATE, SYNC, ENGINE, PLAN,
            TENSOR);

    @ArchTest
    static final ArchRule BENCH_KNOWS_CONFORMANCE = room(BENCH, CONFORMANCE, FRONT_DOOR, STATE, SYNC, ENGINE, PLAN,
            TENSOR);

    @ArchTest
    static final ArchRule NOTHING_IMPORTS_THE_COMMAND_LINE = noClasses().that().resideOutsideOfPackage(CLI)
            .should().dependOnClassesThat().resideInAPackage(CLI);

    @ArchTest
    static final ArchRule NOTHING_IMPORTS_THE_CPU_ENGINE = onlyItself(CPU);

    @ArchTest
    static final ArchRule NOTHING_IMPORTS_THE_OPENCL_ENGINE = onlyItself(OPENCL);

    @ArchTest
    static final ArchRule NO_CIRCLES = slices().matching("org.clnorm.(**)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule JOCL_STAYS_IN_THE_OPENCL_ENGINE = noClasses().that().resideOutsideOfPackage(OPENCL)
            .should().dependOnClassesThat().resideInAPackage("org.jocl..");

    @ArchTest
    static final ArchRule ONE_CLASS_CALLS_OPENCL = noClasses().that(are("not the seam Cl", ArchitectureTest::isNotSeam))
            .should().callMethodWhere(DescribedPredicate.describe("its owner is org.jocl.CL",
                    call -> call.getTargetOwner().getFullName().equals("org.jocl.CL")));

    @ArchTest
    static final ArchRule THE_COMMAND_LINES_LIBRARIES_STAY_THERE = noClasses().that().resideOutsideOfPackage(CLI)
            .should().dependOnClassesThat().resideInAnyPackage("picocli..", "me.tongfei..", "org.slf4j.simple..",
                    "org.slf4j.impl..");

    @ArchTest
    static final ArchRule JSON_STAYS_WHERE_FILES_ARE_READ_AND_WRITTEN = noClasses().that()
            .resideInAnyPackage(TENSOR, PLAN, ENGINE, CPU, OPENCL, FRONT_DOOR)
            .should().dependOnClassesThat().resideInAPackage("com.fasterxml..");

    /** A room may use itself, the rooms named, and what does not belong to the project. */
    private static ArchRule room(String room, String... below) {
        DescribedPredicate<JavaClass> allowed = resideInAPackage(room).or(resideInAnyPackage(below))
                .or(are("not of this project", c -> !c.getPackageName().startsWith("org.clnorm")));
        return classes().that().resideInAPackage(room).should().onlyDependOnClassesThat(allowed);
    }

    private static ArchRule onlyItself(String room) {
        return noClasses().that().resideOutsideOfPackage(room).should().dependOnClassesThat().resideInAPackage(room);
    }

    private static DescribedPredicate<JavaClass> are(String what, Predicate<JavaClass> test) {
        return DescribedPredicate.describe(what, test);
    }

    private static boolean isNotSeam(JavaClass type) {
        return !type.getFullName().matches("org\\.clnorm\\.engine\\.opencl\\.Cl(\\$.*)?");
    }
}
