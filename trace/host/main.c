/* vtrace: what a person does with a recording. Apart from cli.c so that tests and fuzzers can link the rest. */
#include "trace/host/commands.h"

int main(int argc, char **argv)
{
	return vtrace_main(argc, argv);
}
