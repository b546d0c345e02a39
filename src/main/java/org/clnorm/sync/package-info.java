/** Ranks that compute together: what they tell each other, over threads of one process or over MPI. */
package org.clnorm.sync;
