use serde_json::json;

use crate::{dice::Dice, objects, writer::File};

/// The name of the file with this number, and the file.
pub(crate) fn file(seed: u64, number: usize) -> (String, File) {
    let mut dice = Dice::new(seed.wrapping_mul(1_000_003) + number as u64);
    let is_json = dice.hit(10);
    let mut file = match is_json {
        true => json_file(&mut dice),
        false => yaml_file(&mut dice),
    };
    finish(&mut file, &mut dice);
    let ending = if is_json { "json" } else { "yaml" };
    (format!("f{number:03}.{ending}"), file)
}

fn json_file(dice: &mut Dice) -> File {
    let mut file = File::default();
    let object = objects::object(dice, 1);
    file.json(&object, dice);
    file
}

fn yaml_file(dice: &mut Dice) -> File {
    let mut file = File::default();
    file.text.push_str(dice.pick(&[
        "",
        "",
        "",
        "---\n",
        "# Copyright: nobody\n\n",
        "# generated: {do: not, edit: this}\n---\n",
        "%YAML 1.1\n---\n",
        "---\n# nothing here\n---\n",
    ]));
    for number in 1..=dice.pick(&[1, 1, 1, 2, 3, 5]) {
        if number > 1 {
            separate(&mut file, dice);
        }
        match dice.roll(20) {
            0 => file.yaml(&objects::no_object(dice), dice),
            1 => file.json(&objects::object(dice, number), dice),
            _ => file.yaml(&objects::object(dice, number), dice),
        }
    }
    if file.documents.len() > 1 {
        file.saw("several documents");
    }
    file
}

fn separate(file: &mut File, dice: &mut Dice) {
    let source = "---\n# Source: shop/templates/web.yaml\n";
    let separators = [
        "---\n",
        "---\n",
        source,
        "--- # next\n",
        "...\n---\n",
        "\n---\n\n",
        "---\n---\n",
    ];
    // no comment may follow JSON
    let is_behind_json = file.text.ends_with("}\n");
    let some = if is_behind_json { 1 } else { separators.len() };
    file.text.push_str(dice.pick(&separators[..some]));
}

/// What concerns the file as a whole.
fn finish(file: &mut File, dice: &mut Dice) {
    if file
        .documents
        .iter()
        .all(|document| document.get("kind").is_none())
    {
        file.text.push_str("---\n");
        file.yaml(
            &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}),
            dice,
        );
    }
    if dice.hit(12) && file.documents.len() > 1 {
        file.text.push_str("---\nkey: 1\nkey: 2\n");
        file.saw("a document that cannot be read");
    }
    if file.text.contains('\t') {
        file.saw("tabs");
    }
    if dice.hit(6) && !file.text.ends_with("\n\n") {
        file.text.truncate(file.text.trim_end_matches('\n').len());
        file.saw("no newline at the end");
    }
    if dice.hit(6) {
        file.text = file.text.replace('\n', "\r\n");
        file.saw("CRLF");
    }
    if dice.hit(20) {
        file.text.insert(0, '\u{feff}');
        file.saw("byte order mark");
    }
}
