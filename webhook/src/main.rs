//! The program `gatehouse`.

fn main() -> std::process::ExitCode {
    gatehouse::run()
}
