/// How many of something there are, in words: "1 stream", "8 streams". `many`: where it is not the noun with an s.
func counted(_ count: some BinaryInteger, _ noun: String, _ many: String? = nil) -> String {
  count == 1 ? "1 \(noun)" : "\(count) \(many ?? noun + "s")"
}
