#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>

namespace rastro::cli {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};
// Sorted. Unicode 15: Default_Ignorable_Code_Point, Bidi_Control, line and paragraph separators,
// interlinear annotation.
constexpr std::array<Range, 21> kUnsafe{
    {{0x00, 0x1f},        {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},
     {0x61c, 0x61c},      {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
     {0x200b, 0x200f},    {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},
     {0xfe00, 0xfe0f},    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
     {0x1bca0, 0x1bca3},  {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, {0xf0000, 0xffffd},
     {0x100000, 0x10fffd}}};

std::size_t columns_of_point(char32_t point) {
  static const bool ready = std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr;
  if (point < 0x80 || !ready) return 1;
  const int columns = wcwidth(static_cast<wchar_t>(point));
  return columns < 0 ? 1 : static_cast<std::size_t>(columns);
}

std::string hex_byte(unsigned char byte) {
  char out[5];
  std::snprintf(out, sizeof out, "\\x%02x", byte);
  return out;
}

std::size_t columns_setting() {
  const char* text = std::getenv("COLUMNS");
  return text == nullptr ? 0 : std::strtoul(text, nullptr, 10);
}

}  // namespace

CodePoint decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  char32_t point = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    point = (point << 6) | (byte(i) & 0x3f);
  }
  const char32_t least = size == 4 ? 0x10000 : size == 3 ? 0x800 : 0x80;
  if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return {};
  return {point, size};
}

bool is_unsafe_to_print(char32_t point) {
  return std::ranges::any_of(
      kUnsafe, [&](const Range& range) { return point >= range.first && point <= range.last; });
}

Terminal detect_terminal() {
  Terminal terminal;
  terminal.is_tty = isatty(STDOUT_FILENO) == 1;
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  terminal.colour = terminal.is_tty && !dumb && std::getenv("NO_COLOR") == nullptr;
  winsize size{};
  if (terminal.is_tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.width = size.ws_col;
    terminal.height = size.ws_row;
  } else if (const auto columns = columns_setting(); columns >= 20 && columns <= 1000) {
    terminal.width = columns;
  }
  return terminal;
}

std::string aside(std::string_view message, std::size_t columns) {
  auto text = "rastro: " + std::string(message) + "\n";
  if (columns == 0) return text;
  std::string out;
  for (std::string_view rest = text; !rest.empty();) {
    const auto end = rest.find('\n');
    out += wrap(rest.substr(0, end), columns, 0);
    rest.remove_prefix(end + 1);
  }
  return out;
}

void print_aside(std::string_view message) {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const auto text = aside(message, known ? size.ws_col : 0);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [point, size] = decode_utf8(text);
    if (size == 0) {
      out += hex_byte(static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (point < 0xa0 && is_unsafe_to_print(point)) {
      out += hex_byte(static_cast<unsigned char>(point));
    } else if (is_unsafe_to_print(point)) {
      char name[16];
      std::snprintf(name, sizeof name, "<U+%04X>", static_cast<unsigned>(point));
      out += name;
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

std::size_t columns_of(std::string_view escaped) {
  std::size_t columns = 0;
  while (!escaped.empty()) {
    const auto [point, size] = decode_utf8(escaped);
    columns += size == 0 ? 1 : columns_of_point(point);
    escaped.remove_prefix(size == 0 ? 1 : size);
  }
  return columns;
}

std::string fit(std::string_view escaped, std::size_t columns, bool pad) {
  const auto needed = columns_of(escaped);
  std::string out;
  if (needed <= columns) {
    out = escaped;
    if (pad) out.append(columns - needed, ' ');
    return out;
  }
  if (columns == 0) return out;
  std::size_t used = 0;
  while (!escaped.empty()) {
    const auto [point, size] = decode_utf8(escaped);
    const auto step = size == 0 ? 1 : columns_of_point(point);
    if (used + step > columns - 1) break;
    used += step;
    out += escaped.substr(0, size == 0 ? 1 : size);
    escaped.remove_prefix(size == 0 ? 1 : size);
  }
  out += "…";
  if (pad && used + 1 < columns) out.append(columns - used - 1, ' ');
  return out;
}

std::string typed_word(std::string_view value) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@._+-=:/,";
  auto escaped = escape(value);
  if (!escaped.empty() && escaped.find_first_not_of(kPlain) == std::string::npos) return escaped;
  std::string out = "'";
  for (const char c : escaped) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string wrap(std::string_view escaped, std::size_t columns, std::size_t indent) {
  const std::size_t room = columns > indent + 20 ? columns - indent : 20;
  std::string out;
  std::string line;
  const auto end_line = [&] {
    out.append(indent, ' ').append(line).push_back('\n');
    line.clear();
  };
  while (!escaped.empty()) {
    const auto blank = escaped.find(' ');
    auto word = escaped.substr(0, blank);
    escaped.remove_prefix(blank == std::string_view::npos ? escaped.size() : blank + 1);
    if (!line.empty() && columns_of(line) + 1 + columns_of(word) > room) end_line();
    while (columns_of(word) > room) {  // a word longer than a line
      std::size_t size = 0;
      std::size_t used = 0;
      while (used < room) {
        const auto [point, bytes] = decode_utf8(word.substr(size));
        used += bytes == 0 ? 1 : columns_of_point(point);
        if (used > room) break;
        size += bytes == 0 ? 1 : bytes;
      }
      line = word.substr(0, size);
      word.remove_prefix(size);
      end_line();
    }
    if (!line.empty()) line.push_back(' ');
    line += word;
  }
  if (!line.empty()) end_line();
  return out;
}

std::string paint(const Terminal& terminal, Colour colour, std::string_view text) {
  if (!terminal.colour || colour == Colour::none) return std::string(text);
  const char* code = colour == Colour::green    ? "32"
                     : colour == Colour::yellow ? "33"
                     : colour == Colour::red    ? "31"
                     : colour == Colour::bold   ? "1"
                                                : "2";
  return std::string("\x1b[") + code + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace rastro::cli
