/* The rule on numbers worked out by hand. */
#include "@ID@.c"

#include <stdio.h>

static int failures;

static void expect(const char *what, double got, double wanted)
{
    double error = got > wanted ? got - wanted : wanted - got;
    if (!(error <= 1e-12)) { /* so that a NaN fails, too */
        fprintf(stderr, "%s: %.17g instead of %.17g\n", what, got, wanted);
        failures++;
    }
}

int main(void)
{
    const float sure[] = {1, 0, 0}, torn[] = {0.25f, 0.5f, 0.25f};
    expect("a sure sample", weight(sure, 3, 1), 0);
    expect("a torn sample", weight(torn, 3, 1), 0.5);
    expect("a torn sample, cubed", weight(torn, 3, 3), 0.125);
    return failures > 0;
}
