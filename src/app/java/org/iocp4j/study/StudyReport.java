package org.iocp4j.study;

/** What a study prints, experiment by experiment. */
public interface StudyReport {
    /** It is about to run. */
    void starts(Experiment experiment);

    void ended(Study.Result result);
}
