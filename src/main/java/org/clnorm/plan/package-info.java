/** What is to be computed, said by a few axes, and the decision how: pure functions that need no device. */
package org.clnorm.plan;
