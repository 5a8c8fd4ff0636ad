#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "cli/view.h"

namespace rastro::cli {

// A text in sections, of labelled fields, as wide as the terminal. What goes in is escaped already.
class Page {
 public:
  explicit Page(const View& view) : view_(view) {}

  const View& view() const { return view_; }
  void heading(std::string_view text);
  void line(std::string_view text, std::size_t indent = 2);
  // Without wrapping or painting.
  void raw(std::string_view text) { out_ += text; }
  // "  label     text", further lines under the text. Nothing for an empty text.
  void field(std::string_view label, std::string_view text, std::size_t indent = 2);
  std::string take() { return std::move(out_); }

 private:
  const View& view_;
  std::string out_;
};

}  // namespace rastro::cli
