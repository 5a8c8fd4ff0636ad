#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace CLI {
class App;
}

namespace rastro::cli {

// The whole command line of `rastro`, with every subcommand. `common` and `run` are borrowed.
std::unique_ptr<CLI::App> make_command_line(CommonOptions& common, std::function<int()>& run,
                                            Language language_of_help = Language::en);

// "rastro 6p17v6ktd1naw" means show: the words of a command line with that before an id that stands
// where a command does.
std::vector<std::string> with_show(const CLI::App& app, std::vector<std::string> words);

// Parses, runs, and returns the exit code. Prints help and usage errors.
int run_command_line(int argc, char** argv);

}  // namespace rastro::cli
