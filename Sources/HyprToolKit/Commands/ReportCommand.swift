import ArgumentParser
import Glibc

/// `hypr report`: a page about a run, which the Python package makes.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Write one HTML page about a training run or a stream, by the Python package.",
    discussion: """
      It is python3 -m hypr report, with the same arguments: --output names another file than report.html in the folder. It needs \
      the package (python3-hypr, or a wheel), Matplotlib and Jinja2. HYPR_PYTHON names another Python.
      """)

  @Argument(parsing: .allUnrecognized, help: "The folder of the run, and options of python3 -m hypr report.")
  var arguments: [String] = []

  func run() throws {
    let named = getenv("HYPR_PYTHON").map { String(cString: $0) } ?? ""
    let python = named.isEmpty ? "python3" : named
    // Takes the place of this process, unless it fails.
    var words = ([python, "-m", "hypr", "report"] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    execvp(python, &words)
    throw ToolError("hypr report is made by the Python package, and \(python) cannot be run: \(Path.reason(errno))")
  }
}
