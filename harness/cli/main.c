#include "cli.h"

int main(int argc, char **argv)
{
    return ridge_cli_main(argc, argv);
}
