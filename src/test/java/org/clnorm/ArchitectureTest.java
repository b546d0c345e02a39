package org.clnorm;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/**
 * Imports run one way: cli → bench → conformance → front door → state, sync, engine → plan → tensor. The engines
 * implement {@code engine}, announce themselves as services, and nothing imports them.
 */
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

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("org.clnorm");

    @Test
    void roomsImportOnlyWhatLiesBelow() {
        room(TENSOR);
        room(PLAN, TENSOR);
        room(ENGINE, PLAN, TENSOR);
        room(STATE, TENSOR);
        room(SYNC, ENGINE, PLAN, TENSOR);
        room(FRONT_DOOR, STATE, SYNC, ENGINE, PLAN, TENSOR);
        room(CONFORMANCE, FRONT_DOOR, STATE, SYNC, ENGINE, PLAN, TENSOR);
        room(BENCH, CONFORMANCE, FRONT_DOOR, STATE, SYNC, ENGINE, PLAN, TENSOR);
        closedRoom(CLI);
        slices().matching("org.clnorm.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void enginesImplementEngineAndNothingImportsThem() {
        room(CPU, ENGINE, PLAN, TENSOR);
        room(OPENCL, ENGINE, PLAN, TENSOR);
        closedRoom(CPU);
        closedRoom(OPENCL);
    }

    @Test
    void joclIsCalledThroughOneSeam() {
        only(OPENCL, "org.jocl..");
        DescribedPredicate<JavaClass> notTheSeam = DescribedPredicate.describe("are not the seam Cl",
                type -> !type.getFullName().matches("org\\.clnorm\\.engine\\.opencl\\.Cl(\\$.*)?"));
        noClasses().that(notTheSeam).should().callMethodWhere(DescribedPredicate.describe("its owner is org.jocl.CL",
                call -> call.getTargetOwner().getFullName().equals("org.jocl.CL"))).check(CLASSES);
    }

    @Test
    void librariesStayWhereTheyBelong() {
        for (String library : new String[] {"picocli..", "me.tongfei..", "org.slf4j.simple..", "org.slf4j.impl.."}) {
            only(CLI, library);
        }
        noClasses().that().resideInAnyPackage(TENSOR, PLAN, ENGINE, CPU, OPENCL, FRONT_DOOR)
                .should().dependOnClassesThat().resideInAPackage("com.fasterxml..").check(CLASSES);
    }

    /** A room may use itself, the rooms named, and what does not belong to the project. */
    private static void room(String room, String... below) {
        DescribedPredicate<JavaClass> others = DescribedPredicate.describe("are not of this project",
                type -> !type.getPackageName().startsWith("org.clnorm"));
        classes().that().resideInAPackage(room).should()
                .onlyDependOnClassesThat(resideInAPackage(room).or(resideInAnyPackage(below)).or(others))
                .allowEmptyShould(true).check(CLASSES);
    }

    private static void closedRoom(String room) {
        only(room, room);
    }

    private static void only(String room, String packages) {
        noClasses().that().resideOutsideOfPackage(room).should().dependOnClassesThat().resideInAPackage(packages)
                .check(CLASSES);
    }
}
