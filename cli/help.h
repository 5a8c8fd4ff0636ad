#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/texts.h"

namespace rastro::cli {

// Group of the options that every command takes; shown last in each command's help.
inline constexpr const char* kEveryCommand = "With every command";

// Help that fits the terminal: what it does, how it is called, options by group, examples.
class HelpFormatter : public CLI::Formatter {
 public:
  explicit HelpFormatter(Language language) : language_(language) {}
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override;

 private:
  Language language_;
};

}  // namespace rastro::cli
