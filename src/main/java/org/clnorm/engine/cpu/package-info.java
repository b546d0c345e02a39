/** The reference engine: the readable definition of every pass, in double arithmetic, in plain Java. */
package org.clnorm.engine.cpu;
