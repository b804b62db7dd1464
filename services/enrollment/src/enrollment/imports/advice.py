"""What each problem code says to the person who has to mend the file.

Placeholders: `{where}` (" di baris 14" or nothing), `{column}`, `{value}`, `{allowed}`. A key `code/severity`
goes before the plain code where an error and a warning of one code need different words.
"""

from typing import NamedTuple


class Advice(NamedTuple):
    """One advice in the two languages of the house."""

    indonesian: str
    english: str


ADVICE: dict[str, Advice] = {
    "file.unreadable": Advice(
        "Berkas tidak dapat dibaca. Simpan ulang sebagai .xlsx tanpa kata sandi atau CSV UTF-8, lalu unggah lagi.",
        "The file cannot be read. Save it again as .xlsx without password or as CSV UTF-8, then upload it again.",
    ),
    "file.empty": Advice(
        "Berkas tidak berisi baris data. Isi data di bawah judul kolom, lalu unggah lagi.",
        "The file holds no data row. Fill in data under the column headers, then upload it again.",
    ),
    "file.no_header": Advice(
        "Judul kolom tidak ditemukan dalam 20 baris pertama. Pakai templat, atau tulis judul kolom seperti NIP.",
        "No column headers in the first 20 rows. Use the template, or write headers such as NIP.",
    ),
    "file.too_large": Advice(
        "Berkas terlalu besar. Bagi menjadi beberapa berkas yang lebih kecil, lalu unggah satu per satu.",
        "The file is too large. Split it into smaller files and upload them one by one.",
    ),
    "file.formula": Advice(
        "Sel {column}{where} berisi rumus tanpa hasil atau galat. Salin kolom, lalu tempel sebagai nilai.",
        "The cell {column}{where} holds a formula without result or an error. Copy the column and paste values.",
    ),
    "encoding.guessed": Advice(
        "Penyandian huruf ditebak. Periksa huruf beraksen; lebih aman simpan sebagai CSV UTF-8.",
        "The encoding was guessed. Check accented letters; saving as CSV UTF-8 is safer.",
    ),
    "column.missing": Advice(
        "Kolom {column} tidak ada. Tambahkan kolom itu pada baris judul, lalu unggah lagi.",
        "The column {column} is missing. Add it to the header row, then upload again.",
    ),
    "column.duplicate": Advice(
        "Kolom {column} ada lebih dari satu. Hapus atau ganti nama kolom yang tidak dipakai.",
        "The column {column} stands there more than once. Delete or rename the one not used.",
    ),
    "column.unknown": Advice(
        "Kolom {column} tidak dikenal dan diabaikan. Bila diperlukan, pakai judul dari templat.",
        "The column {column} is unknown and ignored. If it is needed, use the template's header.",
    ),
    "value.missing": Advice(
        "{column}{where} kosong. Isi sel itu.",
        "{column}{where} is empty. Fill in that cell.",
    ),
    "value.too_long": Advice(
        "{column}{where} lebih dari {allowed} huruf. Ringkas isinya.",
        "{column}{where} has more than {allowed} characters. Shorten it.",
    ),
    "nip.format": Advice(
        "NIP{where} bukan 18 digit. Salin NIP lengkap dari SK atau SIASN.",
        "The NIP{where} does not have 18 digits. Copy the whole NIP from the decree or from SIASN.",
    ),
    "nip.scientific": Advice(
        "NIP{where} berubah karena Excel. Atur kolom menjadi Teks, lalu tempel ulang.",
        "The NIP{where} was changed by Excel. Set the column to Text, then paste again.",
    ),
    "nip.checks": Advice(
        "NIP{where} tidak wajar: tanggal lahir, pengangkatan, jenis kelamin, atau status tidak cocok. "
        "Periksa dengan SK.",
        "The NIP{where} is not plausible: birth date, appointment, sex or status do not fit. "
        "Compare it with the decree.",
    ),
    "nip.checks/warning": Advice(
        "Jenis kelamin{where} berbeda dengan digit ke-15 NIP. Periksa; baris tetap diterima.",
        "The sex{where} differs from digit 15 of the NIP. Please check; the row is accepted.",
    ),
    "nip.earlier": Advice(
        "NIP{where} adalah NIP lama; barisnya dipakai untuk pegawai yang dahulu ber-NIP itu. Tulis NIP barunya, "
        "dan perbaiki bila yang dimaksud orang lain.",
        "The NIP{where} is an earlier one; the row is taken for the person who had it. Write the present NIP, "
        "and mend it if somebody else is meant.",
    ),
    "nip.unknown": Advice(
        "NIP{where} tidak ada di data pegawai. Periksa NIP, atau kirim data pegawainya lebih dahulu.",
        "The NIP{where} is not in the register. Check it, or send the person's record first.",
    ),
    "nip.other_agency": Advice(
        "Pegawai{where} tercatat di instansi lain. Minta instansi itu yang mengirim.",
        "The person{where} belongs to another agency. Ask that agency to send it.",
    ),
    "run.unknown": Advice(
        "Kode angkatan{where} tidak dikenal atau tidak untuk instansi ini. Salin kode dari katalog.",
        "The run code{where} is unknown or not for this agency. Copy the code from the catalogue.",
    ),
    "run.closed": Advice(
        "Pendaftaran angkatan{where} sudah ditutup. Pilih angkatan lain di katalog.",
        "Enrolment for the run{where} is closed. Choose another run in the catalogue.",
    ),
    "run.not_open_yet": Advice(
        "Pendaftaran angkatan{where} baru dibuka {allowed}. Daftarkan lagi sesudahnya.",
        "Enrolment for the run{where} opens {allowed}. Enrol again afterwards.",
    ),
    "run.enrolment_over": Advice(
        "Pendaftaran angkatan{where} sudah ditutup sejak {allowed}. Pilih angkatan lain di katalog.",
        "Enrolment for the run{where} has been over since {allowed}. Choose another run in the catalogue.",
    ),
    "requirement.missing": Advice(
        "Syarat angkatan{where} belum terpenuhi. Yang kurang: {allowed}.",
        "What the run asks for{where} is not met. Missing: {allowed}.",
    ),
    "audience.outside": Advice(
        "Angkatan{where} hanya untuk {allowed}. Pilih angkatan lain, atau perbaiki data pegawai bila keliru.",
        "The run{where} is only for {allowed}. Choose another run, or mend the person's record if it is wrong.",
    ),
    "run.full": Advice(
        "Kursi penuh{where}. Pegawai masuk daftar tunggu.",
        "No seat left{where}. The person goes on the waiting list.",
    ),
    "duplicate.in_file": Advice(
        "Data yang sama{where} ada lebih dari sekali di berkas. Sisakan satu baris yang benar.",
        "The same record{where} stands in the file more than once. Keep the one right row.",
    ),
    "duplicate.existing": Advice(
        "Data{where} sudah tercatat. Tidak ada yang perlu dilakukan.",
        "The record{where} is already known. Nothing to do.",
    ),
    "duplicate.existing/error": Advice(
        "Hasil{where} berbeda dengan yang sudah tercatat. Ajukan perbaikan hasil, bukan unggahan baru.",
        "The result{where} differs from the recorded one. Ask for a correction instead of a new upload.",
    ),
    "date.invalid": Advice(
        "{column}{where} tidak terbaca. Tulis hari-bulan-tahun, misalnya 3-11-2026.",
        "{column}{where} cannot be read. Write day-month-year, for instance 3-11-2026.",
    ),
    "run.cancelled": Advice(
        "Angkatan{where} dibatalkan, jadi tidak ada hasilnya. Periksa kode angkatan.",
        "Run{where} was cancelled, so it has no results. Check the code.",
    ),
    "date.future": Advice(
        "{column}{where} belum terjadi. Periksa tanggalnya.",
        "{column}{where} lies in the future. Check the date.",
    ),
    "date.before_start": Advice(
        "{column}{where} mendahului mulainya angkatan ({allowed}). Periksa tanggalnya.",
        "{column}{where} lies before the start of the run ({allowed}). Check the date.",
    ),
    "number.invalid": Advice(
        "{column}{where} bukan angka yang sah. Tulis angka saja, misalnya 85,5; JP tanpa desimal.",
        "{column}{where} is no valid number. Write the number only, for instance 85,5; JP without decimals.",
    ),
    "number.range": Advice(
        "{column}{where} di luar batas {allowed}. Periksa angkanya.",
        "{column}{where} is outside {allowed}. Check the number.",
    ),
    "choice.unknown": Advice(
        "{column}{where} bukan pilihan yang dikenal. Pilihan: {allowed}.",
        "{column}{where} is no known choice. Choices: {allowed}.",
    ),
    "email.invalid": Advice(
        "Email{where} tidak sah. Tulis satu alamat, misalnya nama@instansi.go.id.",
        "The e-mail address{where} is not valid. Write one address, for instance nama@instansi.go.id.",
    ),
    "phone.invalid": Advice(
        "Nomor HP{where} tidak sah. Tulis satu nomor, misalnya 081234567890.",
        "The phone number{where} is not valid. Write one number, for instance 081234567890.",
    ),
    "supervisor.self": Advice(
        "NIP Atasan{where} sama dengan NIP pegawai. Isi NIP atasannya.",
        "The supervisor's NIP{where} is the person's own. Fill in the supervisor's.",
    ),
    "supervisor.cycle": Advice(
        "Rantai atasan{where} berputar kembali ke pegawai ini. Perbaiki NIP Atasan.",
        "The chain of supervisors{where} leads back to this person. Mend NIP Atasan.",
    ),
    "supervisor.unknown": Advice(
        "NIP Atasan{where} tidak ditemukan. Baris diterima tanpa atasan; kirim ulang setelah atasan terdata.",
        "The supervisor's NIP{where} is not known. The row is accepted without supervisor; send it again later.",
    ),
    "injection.formula": Advice(
        "{column}{where} diawali = + - atau @. Disimpan sebagai teks; hapus tanda itu bila bukan bagian isi.",
        "{column}{where} begins with = + - or @. Kept as text; remove the sign if it is not part of it.",
    ),
}
