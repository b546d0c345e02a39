package org.clnorm.engine.opencl;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.jocl.CL;
import org.junit.jupiter.api.Test;

/** OpenCL is called in one place. */
class SeamTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("org.clnorm");

    @Test
    void onlyTheSeamCallsOpenCl() {
        noClasses().that().areNotAssignableTo(Cl.class).should().dependOnClassesThat().areAssignableTo(CL.class)
                .check(CLASSES);
    }

    @Test
    void noOtherRoomKnowsJocl() {
        noClasses().that().resideOutsideOfPackage("org.clnorm.engine.opencl").should().dependOnClassesThat()
                .resideInAPackage("org.jocl..").check(CLASSES);
    }
}
