package org.clnorm.conformance;

/** Which group and which parameter each element of a workload's first step belongs to, found without views. */
public final class GroupsOfWorkloads {
    private final Groups groups;
    private final boolean[] valid;

    /** Of a workload. */
    public GroupsOfWorkloads(Workload workload) {
        LayerSpec spec = workload.spec();
        boolean given = spec.kind().mayTrack() && spec.track()
                && (!workload.training() || workload.trial().frozen().contains("statistics"));
        groups = new Groups(spec, workload.stored(), given);
        valid = spec.valid(workload.stored());
    }

    /** The group of an element. */
    public long group(int element) {
        return groups.group(element);
    }

    /** The parameter of an element. */
    public long parameter(int element) {
        return groups.parameter(element);
    }

    /** Whether an element is none of padding. */
    public boolean valid(int element) {
        return valid[element];
    }
}
