#include "store/dictionary.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

namespace rastro {
namespace {

constexpr std::size_t kChangingWordMin = 6;

// Words that differ from message to message: addresses, ids, stamps. amavis names itself by its own
// address and port, which do not.
bool is_changing(std::string_view word) {
  bool digit = false;
  for (const char c : word) {
    if (c == '@') return true;
    digit = digit || (c >= '0' && c <= '9');
  }
  return digit && word.size() >= kChangingWordMin && !word.starts_with("MTA(");
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

bool holds_a_mark(std::string_view text) {
  return text.find(kPartMark) != std::string_view::npos ||
         text.find(kRecipientMark) != std::string_view::npos ||
         text.find(kRelayMark) != std::string_view::npos;
}

bool has_name(const Endpoint& relay) { return !relay.host.empty() && !relay.ip.empty(); }

// As Postfix writes it.
void name_relay(const Endpoint& relay, std::string& out) {
  out.assign(relay.host);
  out.push_back('[');
  out += relay.ip;
  out.push_back(']');
}

// An IPv4 address as four bytes of a number; nullopt: it is another text, or not written as
// ip_text() does.
std::optional<std::int64_t> ip_number(std::string_view ip) {
  constexpr std::size_t kBytesMax = 15;
  if (ip.size() > kBytesMax) return std::nullopt;
  std::uint32_t number = 0;
  const char* at = ip.data();
  const char* const end = at + ip.size();
  for (int i = 0; i < 4; ++i) {
    if (i != 0 && (at == end || *at++ != '.')) return std::nullopt;
    if (at == end || *at < '0' || *at > '9' || (*at == '0' && at + 1 != end && at[1] != '.'))
      return std::nullopt;
    unsigned part = 0;
    const auto read = std::from_chars(at, end, part);
    if (read.ec != std::errc() || part > 255) return std::nullopt;
    at = read.ptr;
    number = (number << 8) | part;
  }
  // Signed, so that SQLite takes four bytes for each.
  return at == end ? std::optional(std::int64_t{static_cast<std::int32_t>(number)}) : std::nullopt;
}

}  // namespace

std::string ip_text(std::int64_t number) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    char part[3];
    text.append(part, std::to_chars(part, std::end(part), (number >> shift) & 255).ptr);
    if (shift != 0) text.push_back('.');
  }
  return text;
}

SplitReply ReplySplitter::split(std::string_view text, std::string_view recipient,
                                const Endpoint& relay) {
  if (text.empty()) return {};
  if (holds_a_mark(text)) return {std::nullopt, text};
  auto words = text;
  // A bare local part would be found inside of other words.
  if (recipient.find('@') != std::string_view::npos &&
      text.find(recipient) != std::string_view::npos) {
    named_.assign(text);
    replace_all(named_, recipient, {&kRecipientMark, 1});
    words = named_;
  }
  if (has_name(relay) && words.find('[') != std::string_view::npos) {
    name_relay(relay, relay_name_);
    if (words.find(relay_name_) != std::string_view::npos) {
      if (words.data() != named_.data()) named_.assign(words);
      replace_all(named_, relay_name_, {&kRelayMark, 1});
      words = named_;
    }
  }
  std::size_t first = std::string_view::npos;
  std::size_t last = 0;
  for (std::size_t at = 0; at <= words.size();) {
    const auto end = std::min(words.find(' ', at), words.size());
    if (is_changing(words.substr(at, end - at))) {
      first = std::min(first, at);
      last = end;
    }
    at = end + 1;
  }
  if (first == std::string_view::npos) return {words, std::nullopt};
  if (first == 0 && last == words.size()) return {std::nullopt, text};
  template_.assign(words.substr(0, first));
  template_ += kPartMark;
  template_ += words.substr(last);
  return {template_, words.substr(first, last - first)};
}

std::string join_reply(const std::optional<std::string>& template_text,
                       const std::optional<std::string_view>& part, std::string_view recipient,
                       const Endpoint* relay) {
  if (!template_text) return std::string(part.value_or(std::string_view()));
  auto text = *template_text;
  if (part) {
    const auto at = text.find(kPartMark);
    if (at != std::string::npos) text.replace(at, 1, *part);
  }
  // In the reverse order of split(): a relay's name may hold what stands for the recipient.
  if (relay != nullptr && has_name(*relay)) {
    std::string name;
    if (text.find(kRelayMark) != std::string::npos) name_relay(*relay, name);
    if (!name.empty()) replace_all(text, {&kRelayMark, 1}, name);
  }
  replace_all(text, {&kRecipientMark, 1}, recipient);
  return text;
}

DictionaryWriter::DictionaryWriter(Database& database, std::uint64_t seed)
    : database_(database),
      insert_name_(database.prepare("INSERT INTO name(id, value) VALUES(?1, ?2)")),
      insert_endpoint_(
          database.prepare("INSERT INTO endpoint(id, host, ip, port) VALUES(?1, ?2, ?3, ?4)")),
      hash_(seed),
      seen_(kSeenSlots) {
  forget();
}

void DictionaryWriter::forget() {
  names_.clear();
  endpoints_.clear();
  remembered_bytes_ = 0;
  next_name_ = database_.query_int("SELECT max(id) FROM name").value_or(0) + 1;
  next_endpoint_ = database_.query_int("SELECT max(id) FROM endpoint").value_or(0) + 1;
}

void DictionaryWriter::remember(Known& known, std::uint64_t hash, Written&& written) {
  constexpr std::size_t kEntryBytes = 64;
  if (remembered_bytes_ > kRememberedBytesMax) {
    names_.clear();
    endpoints_.clear();
    remembered_bytes_ = 0;
  }
  remembered_bytes_ += written.value.size() + kEntryBytes;
  known[hash] = std::move(written);
}

std::int64_t DictionaryWriter::name_id(std::string_view value) {
  return value.empty() ? 0 : name_id(value, hash_(value));
}

std::int64_t DictionaryWriter::name_id(std::string_view value, std::uint64_t hash) {
  const auto found = names_.find(hash);
  if (found != names_.end() && found->second.value == value) return found->second.id;
  const auto id = next_name_++;
  insert_name_.bind(1, id).bind_text(2, value).run();
  remember(names_, hash, {id, 0, std::string(value)});
  return id;
}

std::int64_t DictionaryWriter::repeated_name_id(std::string_view value) {
  if (value.size() < kRepeatedBytesMin) return 0;
  const std::uint64_t hash = hash_(value);
  auto& seen = seen_[hash % kSeenSlots];
  const auto mark = static_cast<std::uint32_t>(hash >> 32);
  if (std::exchange(seen, mark) == mark) return name_id(value, hash);
  const auto found = names_.find(hash);
  return found != names_.end() && found->second.value == value ? found->second.id : 0;
}

std::int64_t DictionaryWriter::endpoint_id(const Endpoint& endpoint, bool with_port) {
  const std::uint16_t port = with_port ? endpoint.port : 0;
  if (endpoint.empty() && port == 0) return 0;
  const auto hash = hash_(endpoint.ip, hash_(endpoint.host, port));
  const auto is_same = [&](const Written& written) {
    const std::string_view value = written.value;
    const auto host_size = endpoint.host.size();
    return written.port == port && value.size() == host_size + 1 + endpoint.ip.size() &&
           value[host_size] == '\0' && value.starts_with(endpoint.host) &&
           value.ends_with(endpoint.ip);
  };
  const auto found = endpoints_.find(hash);
  if (found != endpoints_.end() && is_same(found->second)) return found->second.id;
  const auto id = next_endpoint_++;
  insert_endpoint_.bind(1, id).bind_text(2, endpoint.host).bind(4, std::int64_t{port});
  if (const auto number = ip_number(endpoint.ip)) {
    insert_endpoint_.bind(3, *number);
  } else {
    insert_endpoint_.bind_text(3, endpoint.ip);
  }
  insert_endpoint_.run();
  auto value = endpoint.host;
  value.push_back('\0');
  value += endpoint.ip;
  remember(endpoints_, hash, {id, port, std::move(value)});
  return id;
}

void for_each_host_name(Database& database, const std::function<void(std::string_view)>& visit) {
  auto row = database.prepare("SELECT host FROM endpoint WHERE host != ''");
  while (row.step()) visit(row.column_bytes(0));
}

DictionaryReader::DictionaryReader(Database& database)
    : select_name_(database.prepare("SELECT value FROM name WHERE id = ?1")),
      select_endpoint_(database.prepare("SELECT host, ip, port FROM endpoint WHERE id = ?1")) {}

const std::string& DictionaryReader::name(std::int64_t id) {
  if (const auto found = names_.find(id); found != names_.end()) return found->second;
  if (names_.size() >= kCachedMax) names_.clear();
  return names_.emplace(id, id != 0 ? read_name(id) : std::string()).first->second;
}

std::string DictionaryReader::read_name(std::int64_t id) {
  std::string value;
  select_name_.bind(1, id);
  if (select_name_.step()) value = select_name_.column_bytes(0);
  select_name_.reset();
  return value;
}

std::optional<std::string> DictionaryReader::address(const Statement& row, int column) {
  switch (row.column_type(column)) {
    case Statement::Type::null:
      return std::nullopt;
    case Statement::Type::integer:
      return read_name(row.column_int(column));
    default:
      return std::string(row.column_bytes(column));
  }
}

const Endpoint& DictionaryReader::endpoint(std::int64_t id) {
  if (const auto found = endpoints_.find(id); found != endpoints_.end()) return found->second;
  if (endpoints_.size() >= kCachedMax) endpoints_.clear();
  Endpoint value;
  if (id != 0) {
    select_endpoint_.bind(1, id);
    if (select_endpoint_.step()) {
      value.host = select_endpoint_.column_bytes(0);
      value.ip = select_endpoint_.column_type(1) == Statement::Type::integer
                     ? ip_text(select_endpoint_.column_int(1))
                     : std::string(select_endpoint_.column_bytes(1));
      value.port = static_cast<std::uint16_t>(select_endpoint_.column_int(2));
    }
    select_endpoint_.reset();
  }
  return endpoints_.emplace(id, std::move(value)).first->second;
}

}  // namespace rastro
