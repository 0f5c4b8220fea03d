//! What a program says on a terminal, as a picture: colours and all from standard input, SVG to standard output.

use std::io::{self, Read, Write};

use anstyle_svg::{Term, WIN10_CONSOLE};

fn main() -> io::Result<()> {
    let mut said = String::new();
    io::stdin().read_to_string(&mut said)?;
    let picture = Term::new().palette(WIN10_CONSOLE).render_svg(&said);
    io::stdout().write_all(picture.as_bytes())
}
