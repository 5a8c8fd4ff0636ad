#pragma once

#include <functional>
#include <memory>

#include "cli/commands.h"

namespace CLI {
class App;
}

namespace rastro::cli {

// The whole command line of `rastro`, with every subcommand. `common` and `run` are borrowed.
std::unique_ptr<CLI::App> make_command_line(CommonOptions& common, std::function<int()>& run,
                                            Language language_of_help = Language::en);

// Parses, runs, and returns the exit code. Prints help and usage errors.
int run_command_line(int argc, char** argv);

}  // namespace rastro::cli
